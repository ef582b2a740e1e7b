package ticketing.worker.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.CannotCreateTransactionException;
import ticketing.worker.settings.WorkerMetrics;

/// Closed while the database is away, so that no message is received only to be given back: each
/// receive counts towards the dead letters.
@Component
public class DatabaseHealth {

  private static final Logger log = LoggerFactory.getLogger(DatabaseHealth.class);
  private static final int PROBE_SECONDS = 1;

  private final DataSource database;
  private volatile boolean open = true;

  DatabaseHealth(DataSource database, WorkerMetrics metrics) {
    this.database = database;
    metrics.watch(
        "ticketing.database.up",
        null,
        "1 while the database can be reached, 0 while nobody waits for it",
        () -> open ? 1 : 0);
  }

  public boolean open() {
    return open;
  }

  /// Closes the gate if this failure says that the database cannot be reached.
  public void failed(RuntimeException failure) {
    if (failure instanceof CannotCreateTransactionException
        || failure instanceof DataAccessResourceFailureException) {
      if (open) {
        log.warn("the database is away: receiving stops until it is back");
      }
      open = false;
    }
  }

  /// Returns when the database can be reached.
  public void awaitOpen() throws InterruptedException {
    while (!open) {
      if (reachable()) {
        log.info("the database is back: receiving goes on");
        open = true;
      } else {
        TimeUnit.SECONDS.sleep(PROBE_SECONDS);
      }
    }
  }

  private boolean reachable() {
    try (Connection connection = database.getConnection()) {
      return connection.isValid(PROBE_SECONDS);
    } catch (SQLException e) {
      return false;
    }
  }
}
