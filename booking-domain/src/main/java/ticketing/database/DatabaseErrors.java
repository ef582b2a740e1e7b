package ticketing.database;

import java.sql.SQLException;
import java.sql.SQLIntegrityConstraintViolationException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTimeoutException;
import java.sql.SQLTransactionRollbackException;
import java.sql.SQLTransientException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.transaction.TransactionTimedOutException;

/// Classification of the exceptions of JDBC, of Spring and of the frameworks above JDBC.
public final class DatabaseErrors {

  /// Kind of a failure. It determines the reaction of the caller.
  public enum Kind {
    /// No connection to the database, or the connection broke. The statement may have taken effect.
    UNAVAILABLE,
    /// The database rejected the values. A repetition of the same statement fails again.
    INTEGRITY_VIOLATION,
    /// A deadlock, a lock held by another transaction, or a timeout. A repetition may succeed.
    TRANSIENT_CONFLICT,
    /// Any other failure, for example a faulty statement or an exception without a database error.
    OTHER
  }

  private static final String CONNECTION_CLASS = "08"; // SQLSTATE
  private static final String DATA_CLASS = "22"; // SQLSTATE
  private static final String INTEGRITY_CLASS = "23"; // SQLSTATE

  private DatabaseErrors() {}

  /// Returns the kind of a failure, from its type and from its causes. The first cause with a known
  /// kind decides.
  public static Kind classify(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      Kind kind = kindOf(cause);
      if (kind != Kind.OTHER) {
        return kind;
      }
    }
    return Kind.OTHER;
  }

  /// Returns true for [Kind#UNAVAILABLE].
  public static boolean isUnavailable(Throwable failure) {
    return classify(failure) == Kind.UNAVAILABLE;
  }

  /// Returns true for [Kind#INTEGRITY_VIOLATION].
  public static boolean isIntegrityViolation(Throwable failure) {
    return classify(failure) == Kind.INTEGRITY_VIOLATION;
  }

  /// Returns true if a later repetition may succeed.
  public static boolean isRetryable(Throwable failure) {
    return switch (classify(failure)) {
      case UNAVAILABLE, TRANSIENT_CONFLICT -> true;
      case INTEGRITY_VIOLATION, OTHER -> false;
    };
  }

  private static Kind kindOf(Throwable failure) {
    return switch (failure) {
      case DataAccessResourceFailureException _, CannotCreateTransactionException _ ->
          Kind.UNAVAILABLE;
      case DataIntegrityViolationException _ -> Kind.INTEGRITY_VIOLATION;
      case TransientDataAccessException _, TransactionTimedOutException _ ->
          Kind.TRANSIENT_CONFLICT;
      case SQLException error -> kindOf(error);
      default -> Kind.OTHER;
    };
  }

  private static Kind kindOf(SQLException error) {
    return switch (error) {
      case SQLTransactionRollbackException _, SQLTimeoutException _ -> Kind.TRANSIENT_CONFLICT;
      case SQLTransientException _,
          SQLRecoverableException _,
          SQLNonTransientConnectionException _ ->
          Kind.UNAVAILABLE;
      case SQLIntegrityConstraintViolationException _ -> Kind.INTEGRITY_VIOLATION;
      default -> kindOf(error.getSQLState());
    };
  }

  /// A connection that the pool has closed reports no SQLSTATE.
  private static Kind kindOf(String sqlState) {
    if (sqlState == null || sqlState.startsWith(CONNECTION_CLASS)) {
      return Kind.UNAVAILABLE;
    }
    return sqlState.startsWith(INTEGRITY_CLASS) || sqlState.startsWith(DATA_CLASS)
        ? Kind.INTEGRITY_VIOLATION
        : Kind.OTHER;
  }
}
