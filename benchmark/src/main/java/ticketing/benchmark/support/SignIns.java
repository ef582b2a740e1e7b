package ticketing.benchmark.support;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import ticketing.client.ApiConnection;

/// Connections that repeat sign-ins. Only those with an expected answer count as requests.
public final class SignIns implements RunningLoad {

  private final URI target;
  private final IntFunction<String> body;
  private final Set<Integer> expectedStatuses;
  private final Duration pause;
  private final AtomicLong requests = new AtomicLong();
  private final List<Thread> threads;
  private volatile boolean running = true;

  /// @param body JSON of the next sign-in on a connection, by its number
  /// @param pause after another answer or a failure
  public SignIns(
      URI target,
      int connections,
      IntFunction<String> body,
      Set<Integer> expectedStatuses,
      Duration pause) {
    this.target = target;
    this.body = body;
    this.expectedStatuses = expectedStatuses;
    this.pause = pause;
    this.threads =
        IntStream.range(0, connections)
            .mapToObj(
                number -> Thread.ofVirtual().name("sign-in-" + number).start(() -> run(number)))
            .toList();
  }

  /// Returns the JSON of a sign-in.
  public static String body(String email, String password) {
    return "{\"email\":\"%s\",\"password\":\"%s\"}".formatted(email, password);
  }

  private void run(int number) {
    try (ApiConnection connection = new ApiConnection(target)) {
      while (running) {
        if (send(connection, number)) {
          requests.incrementAndGet();
        } else {
          TimeUnit.MILLISECONDS.sleep(pause.toMillis());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean send(ApiConnection connection, int number) {
    try {
      return expectedStatuses.contains(
          connection.send("POST", "/api/v1/auth/token", null, body.apply(number)).status());
    } catch (IOException e) {
      return false; // The next request opens the connection again.
    }
  }

  @Override
  public long requests() {
    return requests.get();
  }

  @Override
  public void close() {
    running = false;
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
