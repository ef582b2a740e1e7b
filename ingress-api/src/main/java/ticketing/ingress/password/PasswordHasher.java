package ticketing.ingress.password;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.stereotype.Component;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;

/// Computes password hashes on a fixed pool of platform threads with low priority.
///
/// A hash occupies one processor for about 0.1 s. On a virtual thread it would occupy a carrier,
/// and a few concurrent sign-ins would delay every other request. The pool leaves one processor to
/// the other requests. Its queue is bounded: a hash that finds it full is refused immediately.
@Component
public class PasswordHasher implements DisposableBean {

  /// bcrypt ignores further bytes.
  public static final int MAX_PASSWORD_BYTES = 72;

  private static final Duration RETRY_AFTER = Duration.ofSeconds(3);

  private final PasswordEncoder encoder;
  private final Duration timeout;
  private final ThreadPoolExecutor pool;

  PasswordHasher(PasswordEncoder encoder, PasswordSettings settings) {
    this.encoder = encoder;
    this.timeout = settings.hashTimeout();
    int threads = settings.hashThreads() > 0 ? settings.hashThreads() : defaultThreads();
    this.pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(settings.maxQueuedHashes()),
            Thread.ofPlatform()
                .name("password-hash-", 0)
                .daemon()
                .priority(Thread.MIN_PRIORITY)
                .factory());
  }

  private static int defaultThreads() {
    return Math.max(1, Runtime.getRuntime().availableProcessors() - 1);
  }

  static boolean isWithinMaxBytes(String password) {
    return password.getBytes(StandardCharsets.UTF_8).length <= MAX_PASSWORD_BYTES;
  }

  /// @throws ApiException `OVERLOADED` if the queue is full, or no result in time
  public String hash(String password) {
    return compute(() -> encoder.encode(password));
  }

  /// A password over the maximum has no match.
  ///
  /// @throws ApiException `OVERLOADED` if the queue is full, or no result in time
  public boolean matches(String password, String hash) {
    return isWithinMaxBytes(password) && compute(() -> encoder.matches(password, hash));
  }

  private <T> T compute(Callable<T> hash) {
    try {
      FutureTask<T> result = new FutureTask<>(hash);
      pool.execute(result);
      try {
        return result.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
      } finally {
        // A request that gave up needs no hash.
        pool.remove(result);
      }
    } catch (RejectedExecutionException | TimeoutException e) {
      throw overloaded();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw overloaded();
    } catch (ExecutionException e) {
      throw new IllegalStateException("cannot hash a password", e.getCause());
    }
  }

  int queued() {
    return pool.getQueue().size();
  }

  private static ApiException overloaded() {
    return ApiException.withRetryAfter(
        ErrorCode.OVERLOADED, "Too many concurrent sign-ins.", RETRY_AFTER);
  }

  @Override
  public void destroy() {
    pool.shutdownNow();
  }
}
