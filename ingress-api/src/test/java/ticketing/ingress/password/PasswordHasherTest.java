package ticketing.ingress.password;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.springframework.security.crypto.password.PasswordEncoder;
import ticketing.ingress.problem.ApiException;

class PasswordHasherTest {

  private static final int QUEUED = 3;

  private final CountDownLatch released = new CountDownLatch(1);
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger onVirtualThreads = new AtomicInteger();

  private final PasswordEncoder blocking =
      new PasswordEncoder() {
        @Override
        public String encode(CharSequence password) {
          running.incrementAndGet();
          if (Thread.currentThread().isVirtual()) {
            onVirtualThreads.incrementAndGet();
          }
          try {
            released.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return "hash of " + password;
        }

        @Override
        public boolean matches(CharSequence password, String hash) {
          return encode(password).equals(hash);
        }
      };

  private PasswordHasher hasher(Duration timeout) {
    return new PasswordHasher(blocking, new PasswordSettings(1, QUEUED, timeout));
  }

  @Test
  void fullQueueRefusesImmediately() throws Exception {
    PasswordHasher hasher = hasher(Duration.ofSeconds(30));
    try (ExecutorService signIns = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> accepted = new ArrayList<>();
      for (int i = 0; i <= QUEUED; i++) {
        accepted.add(signIns.submit(() -> hasher.hash("secret")));
      }
      Awaitility.await().until(() -> running.get() == 1 && hasher.queued() == QUEUED);
      assertThatThrownBy(() -> hasher.hash("secret"))
          .isInstanceOf(ApiException.class)
          .hasMessageContaining("Too many concurrent sign-ins");
      released.countDown();
      for (Future<String> result : accepted) {
        assertThat(result.get()).isEqualTo("hash of secret");
      }
    } finally {
      hasher.destroy();
    }
    assertThat(onVirtualThreads.get()).isZero();
  }

  @Test
  void hashThatGaveUpIsNotComputed() {
    PasswordHasher hasher = hasher(Duration.ofMillis(50));
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> hasher.matches("secret", "hash of secret"))
          .isInstanceOf(ApiException.class);
    }
    assertThat(hasher.queued()).isZero();
    released.countDown();
    Awaitility.await().until(() -> hasher.matches("secret", "hash of secret"));
    hasher.destroy();
    assertThat(running.get()).isEqualTo(2);
  }
}
