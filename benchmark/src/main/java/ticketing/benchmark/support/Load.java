package ticketing.benchmark.support;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import ticketing.client.ApiConnection;
import ticketing.client.ApiResponse;

/// Closed model: each of a number of connections sends the next POST when it has the answer of the
/// last one.
public final class Load {

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

  /// Returns bookings of one seat of type R.
  ///
  /// @param users number of buyers, whose ids have the prefix
  public static Load ofBookings(URI ingress, long event, String prefix, int users) {
    return new Load(
        ingress.resolve("/api/v1/reservations"),
        "{\"eventId\":%d,\"seatType\":\"R\",\"quantity\":1}".formatted(event),
        202,
        AccessTokens.ofBuyers(prefix, users));
  }

  /// An answer with the expected status.
  ///
  /// @param endedAt [System#nanoTime] of the answer
  public record Answer(long endedAt, long nanos) {}

  /// Sends requests until the end of the duration.
  ///
  /// @return answers in any order
  /// @throws IllegalStateException if an answer has another status
  public List<Answer> run(int connections, Duration duration) throws InterruptedException {
    ConcurrentLinkedQueue<Answer> answers = new ConcurrentLinkedQueue<>();
    AtomicReference<Exception> failure = new AtomicReference<>();
    long end = System.nanoTime() + duration.toNanos();
    List<Thread> threads = new ArrayList<>();
    for (int connection = 0; connection < connections; connection++) {
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                try (ApiConnection api = new ApiConnection(target.resolve("/"))) {
                  while (System.nanoTime() < end && failure.get() == null) {
                    answers.add(post(api));
                  }
                } catch (IOException | RuntimeException e) {
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

  private Answer post(ApiConnection connection) throws IOException {
    int number = sent.getAndIncrement();
    String token = tokens.isEmpty() ? null : tokens.get(number % tokens.size());
    long startedAt = System.nanoTime();
    ApiResponse response = connection.send("POST", target.getPath(), token, body);
    long endedAt = System.nanoTime();
    if (response.status() != expectedStatus) {
      throw new IllegalStateException(response.status() + " " + response.body());
    }
    return new Answer(endedAt, endedAt - startedAt);
  }
}
