package ticketing.benchmark.attack;

import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import ticketing.client.ApiConnection;
import ticketing.client.ApiResponse;

/// Connections that sign in with wrong passwords, each without a pause. Only refused sign-ins count
/// as requests.
final class SignInLoops implements Attack {

  private static final long PAUSE_AFTER_ERROR = 10; // ms
  private static final Set<Integer> EXPECTED_STATUSES = Set.of(401, 429);

  private final URI target;
  private final AtomicLong requests = new AtomicLong();
  private final List<Thread> threads;
  private volatile boolean running = true;

  SignInLoops(URI target, int loops) {
    this.target = target;
    this.threads =
        IntStream.range(0, loops)
            .mapToObj(loop -> Thread.ofVirtual().name("sign-in-" + loop).start(() -> run(loop)))
            .toList();
  }

  private void run(int loop) {
    String body =
        "{\"email\":\"user%d@example.com\",\"password\":\"wrong-password\"}".formatted(loop);
    try (ApiConnection connection = new ApiConnection(target)) {
      while (running) {
        try {
          ApiResponse response = connection.send("POST", "/api/v1/auth/token", null, body);
          if (EXPECTED_STATUSES.contains(response.status())) {
            requests.incrementAndGet();
          }
        } catch (IOException e) {
          Thread.sleep(PAUSE_AFTER_ERROR);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
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
