package ticketing.benchmark.open;

import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import ticketing.client.ApiConnection;
import ticketing.client.ApiResponse;

/// Buyers who sign in with their passwords at the same time. A buyer whom the full queue of
/// sign-ins refuses (429 or 503) tries again after a pause, with another connection of the loop.
/// Ends at the close.
final class SignInRush implements AutoCloseable {

  private static final long RETRY_PAUSE = 100; // ms
  private static final String PASSWORD = "correct-horse-battery";
  private static final int OK = 200;
  private static final int CREATED = 201;

  private final URI ingress;
  private final AtomicLong signedIn = new AtomicLong();
  private final AtomicInteger nextAccount = new AtomicInteger();
  private final List<Thread> threads;
  private volatile boolean running = true;

  /// @param accounts created by [#createAccounts]
  SignInRush(URI ingress, int accounts, int concurrent) {
    this.ingress = ingress;
    this.threads =
        IntStream.range(0, concurrent)
            .mapToObj(_ -> Thread.startVirtualThread(() -> signIn(accounts)))
            .toList();
  }

  static void createAccounts(URI ingress, int accounts) throws IOException {
    try (ApiConnection connection = new ApiConnection(ingress)) {
      for (int account = 0; account < accounts; account++) {
        String body =
            "{\"email\":\"%s\",\"password\":\"%s\",\"name\":\"Buyer\"}"
                .formatted(email(account), PASSWORD);
        ApiResponse response = connection.send("POST", "/api/v1/users", null, body);
        if (response.status() != CREATED) {
          throw new IOException(response.status() + " " + response.body());
        }
      }
    }
  }

  private static String email(int account) {
    return "rush%d@example.com".formatted(account);
  }

  private void signIn(int accounts) {
    try (ApiConnection connection = new ApiConnection(ingress)) {
      while (running) {
        String body =
            "{\"email\":\"%s\",\"password\":\"%s\"}"
                .formatted(email(nextAccount.getAndIncrement() % accounts), PASSWORD);
        try {
          if (connection.send("POST", "/api/v1/auth/token", null, body).status() == OK) {
            signedIn.incrementAndGet();
            continue;
          }
        } catch (IOException e) {
          // The next request opens the connection again.
        }
        TimeUnit.MILLISECONDS.sleep(RETRY_PAUSE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  long signedIn() {
    return signedIn.get();
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
