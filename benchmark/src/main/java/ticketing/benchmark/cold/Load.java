package ticketing.benchmark.cold;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/// Closed model: each of a number of connections sends the next POST when it has the answer of the
/// last one.
final class Load {

  private static final int TIMEOUT = 30_000; // ms

  private final URI target;
  private final String body;
  private final int expectedStatus;
  private final List<String> tokens;
  private final AtomicInteger sent = new AtomicInteger();

  /// @param tokens access tokens in turn; empty: requests have none
  Load(URI target, String body, int expectedStatus, List<String> tokens) {
    this.target = target;
    this.body = body;
    this.expectedStatus = expectedStatus;
    this.tokens = List.copyOf(tokens);
  }

  /// An answer with the expected status.
  ///
  /// @param endedAt [System#nanoTime] of the answer
  record Answer(long endedAt, long nanos) {}

  /// Sends requests until the end of the duration.
  ///
  /// @return answers in any order
  /// @throws IllegalStateException if an answer has another status
  List<Answer> run(int connections, Duration duration) throws InterruptedException {
    ConcurrentLinkedQueue<Answer> answers = new ConcurrentLinkedQueue<>();
    AtomicReference<Exception> failure = new AtomicReference<>();
    long end = System.nanoTime() + duration.toNanos();
    List<Thread> threads = new ArrayList<>();
    for (int connection = 0; connection < connections; connection++) {
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                try {
                  while (System.nanoTime() < end && failure.get() == null) {
                    answers.add(post());
                  }
                } catch (IOException | IllegalStateException e) {
                  failure.compareAndSet(null, e);
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    if (failure.get() != null) {
      throw new IllegalStateException(failure.get());
    }
    return List.copyOf(answers);
  }

  private Answer post() throws IOException {
    long startedAt = System.nanoTime();
    HttpURLConnection connection = (HttpURLConnection) target.toURL().openConnection();
    connection.setConnectTimeout(TIMEOUT);
    connection.setReadTimeout(TIMEOUT);
    connection.setRequestMethod("POST");
    connection.setDoOutput(true);
    connection.setRequestProperty("Content-Type", "application/json");
    int number = sent.getAndIncrement();
    if (!tokens.isEmpty()) {
      String token = tokens.get(number % tokens.size());
      connection.setRequestProperty("Authorization", "Bearer " + token);
    }
    connection.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
    int status = connection.getResponseCode();
    try (InputStream content =
        status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
      byte[] answer = content == null ? new byte[0] : content.readAllBytes();
      if (status != expectedStatus) {
        throw new IllegalStateException(status + " " + new String(answer, StandardCharsets.UTF_8));
      }
    }
    long endedAt = System.nanoTime();
    return new Answer(endedAt, endedAt - startedAt);
  }
}
