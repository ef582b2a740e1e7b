package ticketing.worker.store;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.TransactionStatus;
import org.springframework.transaction.support.DefaultTransactionDefinition;

/// Transactions at READ COMMITTED: a read after the row lock returns the data that the last holder
/// of the lock committed.
@Component
public class Transactions {

  private static final Duration[] BUCKETS =
      IntStream.of(1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000)
          .mapToObj(Duration::ofMillis)
          .toArray(Duration[]::new);

  private final PlatformTransactionManager manager;
  private final TransactionDefinition definition;
  private final Timer timer;
  private final @Nullable Runnable rehearsed;

  @Autowired
  Transactions(PlatformTransactionManager manager, StoreSettings settings, MeterRegistry registry) {
    this.manager = manager;
    this.rehearsed = null;
    DefaultTransactionDefinition readCommitted = new DefaultTransactionDefinition();
    readCommitted.setIsolationLevel(TransactionDefinition.ISOLATION_READ_COMMITTED);
    readCommitted.setTimeout(
        Math.toIntExact(Math.max(1, settings.transactionTimeout().toSeconds())));
    this.definition = readCommitted;
    this.timer =
        Timer.builder("ticketing.transaction")
            .description("Duration of one transaction of a batch, from begin to commit")
            .serviceLevelObjectives(BUCKETS)
            .register(registry);
  }

  private Transactions(Transactions origin, Runnable rehearsed) {
    this.manager = origin.manager;
    this.definition = origin.definition;
    this.rehearsed = rehearsed;
    this.timer = new SimpleMeterRegistry().timer("rehearsal");
  }

  /// Returns transactions that are rolled back in place of a commit and that no metric counts.
  ///
  /// @param first runs at the begin of each transaction
  public Transactions rehearsal(Runnable first) {
    return new Transactions(this, first);
  }

  /// Begins a transaction of this thread.
  ///
  /// @throws org.springframework.transaction.TransactionException if there is no connection
  public Transaction begin() {
    Transaction transaction = new Transaction();
    if (rehearsed != null) {
      try {
        rehearsed.run();
      } catch (RuntimeException e) {
        transaction.close();
        throw e;
      }
    }
    return transaction;
  }

  /// Transaction of this thread. It is rolled back if it is closed without a commit.
  public final class Transaction implements AutoCloseable {
    private final long startedAt = System.nanoTime();
    private final TransactionStatus status = manager.getTransaction(definition);

    private Transaction() {}

    public void commit() {
      if (rehearsed == null) {
        manager.commit(status);
      } else {
        manager.rollback(status);
      }
    }

    @Override
    public void close() {
      if (!status.isCompleted()) {
        manager.rollback(status);
      }
      timer.record(Duration.ofNanos(System.nanoTime() - startedAt));
    }
  }
}
