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
import ticketing.database.DatabaseErrors;

/// Reads of what may be a moment old: from a replica, where there are any, and from the primary
/// while they fail. After repeated failures the replicas are left alone for
/// `ticketing.database.reader-pause`, so that only few requests wait for a dead one, and none for
/// longer than `ticketing.database.reader-timeout`.
@Component
public class ReplicaReader {

  private static final Logger log = LoggerFactory.getLogger(ReplicaReader.class);

  private final boolean replicas;
  private final CircuitBreaker breaker;
  private final TransactionTemplate replica;
  private final TransactionTemplate primary;

  ReplicaReader(
      ObjectProvider<ReplicaRoutingPostProcessor> replicas,
      PlatformTransactionManager transactions,
      ReplicaSettings settings) {
    this.replicas = replicas.getIfAvailable() != null;
    this.replica = new TransactionTemplate(transactions);
    this.replica.setReadOnly(true);
    this.primary = new TransactionTemplate(transactions);
    this.breaker =
        CircuitBreaker.of(
            "replicas",
            CircuitBreakerConfig.custom()
                .slidingWindowSize(20)
                .minimumNumberOfCalls(5)
                .failureRateThreshold(50)
                .waitDurationInOpenState(settings.readerPause())
                .permittedNumberOfCallsInHalfOpenState(2)
                .recordException(DatabaseErrors::isRetryable)
                .build());
  }

  /// @param read runs in a transaction of its own, and once more if a replica failed; it changes
  ///   nothing
  public <T> T read(Supplier<T> read) {
    if (replicas) {
      try {
        return breaker.executeSupplier(() -> replica.execute(tx -> read.get()));
      } catch (CallNotPermittedException e) {
        // It is known to be down.
      } catch (RuntimeException e) {
        if (!DatabaseErrors.isRetryable(e)) {
          throw e;
        }
        log.warn("Reading from the primary, as a replica failed: {}", e.getMessage());
      }
    }
    return primary.execute(tx -> read.get());
  }
}
