package ticketing.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.sql.SQLIntegrityConstraintViolationException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLTimeoutException;
import java.sql.SQLTransactionRollbackException;
import java.sql.SQLTransientConnectionException;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.dao.CannotAcquireLockException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.dao.TransientDataAccessResourceException;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.transaction.TransactionTimedOutException;
import ticketing.database.DatabaseErrors.Kind;

class DatabaseErrorsTest {

  static Stream<Arguments> failures() {
    return Stream.of(
        Arguments.of(Kind.UNAVAILABLE, new DataAccessResourceFailureException("")),
        Arguments.of(Kind.UNAVAILABLE, new CannotCreateTransactionException("")),
        Arguments.of(Kind.UNAVAILABLE, new SQLTransientConnectionException("pool timeout")),
        Arguments.of(Kind.UNAVAILABLE, new SQLNonTransientConnectionException("closed")),
        Arguments.of(Kind.UNAVAILABLE, new SQLException("link failure", "08S01")),
        Arguments.of(Kind.UNAVAILABLE, new SQLException("closed by the pool")),
        Arguments.of(Kind.INTEGRITY_VIOLATION, new DuplicateKeyException("")),
        Arguments.of(Kind.INTEGRITY_VIOLATION, new DataIntegrityViolationException("")),
        Arguments.of(
            Kind.INTEGRITY_VIOLATION, new SQLIntegrityConstraintViolationException("", "23000")),
        Arguments.of(Kind.INTEGRITY_VIOLATION, new SQLException("check", "23000", 4025)),
        Arguments.of(Kind.INTEGRITY_VIOLATION, new SQLException("too long", "22001")),
        Arguments.of(Kind.INTEGRITY_VIOLATION, new SQLException("check", "HY000", 3819)),
        Arguments.of(Kind.WRITES_REJECTED, new SQLException("read-only", "HY000", 1290)),
        Arguments.of(Kind.WRITES_REJECTED, new SQLException("read-only", "25006", 1792)),
        Arguments.of(Kind.WRITES_REJECTED, new SQLException("read-only mode", "HY000", 1836)),
        Arguments.of(Kind.WRITES_REJECTED, new SQLException("innodb read-only", "HY000", 1874)),
        Arguments.of(Kind.WRITES_REJECTED, new SQLException("disk full", "HY000", 1021)),
        Arguments.of(Kind.WRITES_REJECTED, new SQLException("table is full", "HY000", 1114)),
        Arguments.of(Kind.WRITES_REJECTED, new SQLException("cannot write file", null, 3)),
        Arguments.of(
            Kind.WRITES_REJECTED,
            new SQLException("Got error 28 from storage engine", "HY000", 1030)),
        Arguments.of(
            Kind.WRITES_REJECTED,
            new TransientDataAccessResourceException(
                "", new SQLException("read-only", "25006", 1792))),
        Arguments.of(Kind.TRANSIENT_CONFLICT, new SQLException("lock wait", "HY000", 1205)),
        Arguments.of(Kind.TRANSIENT_CONFLICT, new SQLException("interrupted", "70100", 1317)),
        Arguments.of(Kind.TRANSIENT_CONFLICT, new SQLException("max time", "70100", 1969)),
        Arguments.of(Kind.TRANSIENT_CONFLICT, new SQLException("max time", "HY000", 3024)),
        Arguments.of(Kind.OTHER, new SQLException("Got error 1 from engine", "HY000", 1030)),
        Arguments.of(Kind.TRANSIENT_CONFLICT, new CannotAcquireLockException("")),
        Arguments.of(Kind.TRANSIENT_CONFLICT, new QueryTimeoutException("")),
        Arguments.of(Kind.TRANSIENT_CONFLICT, new TransactionTimedOutException("")),
        Arguments.of(Kind.TRANSIENT_CONFLICT, new SQLTransactionRollbackException("", "40001")),
        Arguments.of(Kind.TRANSIENT_CONFLICT, new SQLTimeoutException("")),
        Arguments.of(Kind.OTHER, new SQLException("syntax", "42000")),
        Arguments.of(Kind.OTHER, new IllegalStateException()));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void eachFailureHasItsKind(Kind kind, Exception failure) {
    assertThat(DatabaseErrors.classify(failure)).isEqualTo(kind);
  }

  @ParameterizedTest
  @MethodSource("failures")
  void wrappedFailureKeepsItsKind(Kind kind, Exception failure) {
    assertThat(DatabaseErrors.classify(new IllegalStateException(failure))).isEqualTo(kind);
  }

  @ParameterizedTest
  @MethodSource("failures")
  void onlyOutagesAndConflictsAreRetryable(Kind kind, Exception failure) {
    assertThat(DatabaseErrors.isUnavailable(failure)).isEqualTo(kind == Kind.UNAVAILABLE);
    assertThat(DatabaseErrors.isRetryable(failure))
        .isEqualTo(
            kind == Kind.UNAVAILABLE
                || kind == Kind.WRITES_REJECTED
                || kind == Kind.TRANSIENT_CONFLICT);
  }
}
