package ticketing.ingress.password;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.stereotype.Component;
import ticketing.concurrent.BoundedPool;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;

/// Computes password hashes on a [BoundedPool].
///
/// A hash occupies one processor for about 0.1 s. The pool leaves one processor to the other
/// requests.
@Component
public class PasswordHasher implements DisposableBean {

  /// bcrypt ignores further bytes.
  public static final int MAX_PASSWORD_BYTES = 72;

  private static final Duration RETRY_AFTER = Duration.ofSeconds(3);

  private final PasswordEncoder encoder;
  private final BoundedPool pool;

  PasswordHasher(PasswordEncoder encoder, PasswordSettings settings) {
    this.encoder = encoder;
    int threads = settings.hashThreads() > 0 ? settings.hashThreads() : defaultThreads();
    this.pool =
        new BoundedPool(
            "password-hash", threads, settings.maxQueuedHashes(), settings.hashTimeout());
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
      return pool.compute(hash);
    } catch (BoundedPool.OverloadedException e) {
      throw ApiException.withRetryAfter(
          ErrorCode.OVERLOADED, "Too many concurrent sign-ins.", RETRY_AFTER);
    } catch (ExecutionException e) {
      throw new IllegalStateException("cannot hash a password", e.getCause());
    }
  }

  int queued() {
    return pool.queued();
  }

  @Override
  public void destroy() {
    pool.close();
  }
}
