package ticketing.database;

import java.sql.SQLException;
import java.sql.SQLIntegrityConstraintViolationException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTimeoutException;
import java.sql.SQLTransactionRollbackException;
import java.sql.SQLTransientException;
import java.util.Set;
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
    /// The database answers and rejects every write: it is read-only or its disk is full. A
    /// repetition fails until the database accepts writes again.
    WRITES_REJECTED,
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
  private static final String READ_ONLY_TRANSACTION = "25006"; // SQLSTATE

  /// Error codes of MySQL and MariaDB without a specific SQLSTATE: `EE_WRITE` (3), `ER_DISK_FULL`
  /// (1021), `ER_ERROR_ON_WRITE` (1026), `ER_RECORD_FILE_FULL` (1114),
  /// `ER_OPTION_PREVENTS_STATEMENT` (1290), `ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION` (1792),
  /// `ER_READ_ONLY_MODE` (1836), `ER_INNODB_READ_ONLY` (1874).
  private static final Set<Integer> WRITES_REJECTED_CODES =
      Set.of(3, 1021, 1026, 1114, 1290, 1792, 1836, 1874);

  /// Violations of a CHECK constraint: MySQL (3819) and MariaDB (4025).
  private static final Set<Integer> CHECK_VIOLATION_CODES = Set.of(3819, 4025);

  /// `ER_LOCK_WAIT_TIMEOUT` (1205), `ER_LOCK_DEADLOCK` (1213), `ER_QUERY_INTERRUPTED` (1317),
  /// `ER_STATEMENT_TIMEOUT` of MariaDB (1969), `ER_QUERY_TIMEOUT` of MySQL (3024), `ER_LOCK_NOWAIT`
  /// (3572).
  private static final Set<Integer> CONFLICT_CODES = Set.of(1205, 1213, 1317, 1969, 3024, 3572);

  /// `ER_GET_ERRNO`: a storage engine reports an error of the operating system in its message.
  private static final int STORAGE_ENGINE_ERROR = 1030;

  private DatabaseErrors() {}

  /// Returns the kind of a failure, from its type and from its causes. An error code of the server
  /// precedes the exception types, otherwise the first cause with a known kind decides.
  public static Kind classify(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException error && kindOfCode(error) != Kind.OTHER) {
        return kindOfCode(error);
      }
    }
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
      case UNAVAILABLE, WRITES_REJECTED, TRANSIENT_CONFLICT -> true;
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

  /// Kind of an error code that has one meaning, else `OTHER`.
  private static Kind kindOfCode(SQLException error) {
    int code = error.getErrorCode();
    if (WRITES_REJECTED_CODES.contains(code)
        || READ_ONLY_TRANSACTION.equals(error.getSQLState())
        || code == STORAGE_ENGINE_ERROR && isDiskFull(error)) {
      return Kind.WRITES_REJECTED;
    }
    if (CHECK_VIOLATION_CODES.contains(code)) {
      return Kind.INTEGRITY_VIOLATION;
    }
    return CONFLICT_CODES.contains(code) ? Kind.TRANSIENT_CONFLICT : Kind.OTHER;
  }

  /// `ENOSPC` of Linux, as in "Got error 28 from storage engine".
  private static boolean isDiskFull(SQLException error) {
    return String.valueOf(error.getMessage()).contains("error 28 ");
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
