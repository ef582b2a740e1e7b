package ticketing.ingress.database;

import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import ticketing.concurrent.MonotonicClock;
import ticketing.database.DatabaseErrors;

/// Runs reads that may lag behind the primary: on a replica, or on the primary if there is no
/// replica or the replica fails.
///
/// After repeated failures the circuit breaker skips the replica for
/// `ticketing.database.reader-pause`. A read of a failing replica takes at most
/// `ticketing.database.reader-timeout`.
@Component
public class ReplicaReader {

  private static final Logger log = LoggerFactory.getLogger(ReplicaReader.class);

  private final boolean hasReplica;
  private final CircuitBreaker breaker;
  private final TransactionTemplate replica;
  private final TransactionTemplate primary;

  ReplicaReader(
      ObjectProvider<ReplicaRoutingPostProcessor> replicas,
      PlatformTransactionManager transactions,
      ReplicaSettings settings) {
    this.hasReplica = replicas.getIfAvailable() != null;
    this.replica = new TransactionTemplate(transactions);
    this.replica.setReadOnly(true);
    this.primary = new TransactionTemplate(transactions);
    this.breaker =
        CircuitBreaker.of(
            "replicas",
            CircuitBreakerConfig.custom()
                .clock(new MonotonicClock())
                .slidingWindowSize(20)
                .minimumNumberOfCalls(5)
                .failureRateThreshold(50)
                .waitDurationInOpenState(settings.readerPause())
                .permittedNumberOfCallsInHalfOpenState(2)
                .recordException(DatabaseErrors::isRetryable)
                .build());
  }

  /// @param read runs in its own transaction, a second time if the replica failed; it must not
  ///   write
  public <T> T read(Supplier<T> read) {
    if (hasReplica) {
      try {
        return breaker.executeSupplier(() -> replica.execute(status -> read.get()));
      } catch (CallNotPermittedException e) {
        // The replica failed recently.
      } catch (RuntimeException e) {
        if (!DatabaseErrors.isRetryable(e)) {
          throw e;
        }
        log.warn("replica failed, reading from primary, cause={}", e.getMessage());
      }
    }
    return primary.execute(status -> read.get());
  }
}
