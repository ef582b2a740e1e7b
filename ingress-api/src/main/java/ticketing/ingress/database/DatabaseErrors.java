package ticketing.ingress.database;

import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientException;
import org.hibernate.exception.JDBCConnectionException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.transaction.CannotCreateTransactionException;

/// Classification of database failures.
public final class DatabaseErrors {

  private DatabaseErrors() {}

  /// True for a lost or refused connection, a timeout and an exhausted pool. False for a statement
  /// that the database rejects.
  public static boolean isUnavailable(Throwable failure) {
    if (failure instanceof DataAccessResourceFailureException
        || failure instanceof CannotCreateTransactionException) {
      return true;
    }
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof JDBCConnectionException
          || cause instanceof SQLTransientException
          || cause instanceof SQLRecoverableException
          || cause instanceof SQLNonTransientConnectionException
          || cause instanceof SQLException sql && isConnectionState(sql.getSQLState())) {
        return true;
      }
    }
    return false;
  }

  /// SQLSTATE class 08. A connection that the pool has closed has no SQLSTATE.
  private static boolean isConnectionState(String sqlState) {
    return sqlState == null || sqlState.startsWith("08");
  }
}
