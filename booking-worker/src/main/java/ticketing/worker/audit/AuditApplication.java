package ticketing.worker.audit;

import java.io.PrintStream;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;

/// Command that audits the sales in a live database and prints one line for each event. It reads
/// only; each event is read in one transaction from one snapshot.
///
/// Arguments: ids of events; none: all events. Environment: `TICKETING_DATABASE_URL`,
/// `TICKETING_DATABASE_USER`, `TICKETING_DATABASE_PASSWORD`. Exit codes: 0 all rows are explained,
/// 1 a row is not, 2 the database is unavailable or an argument is no id.
public final class AuditApplication {

  static final int EXPLAINED = 0;
  static final int UNEXPLAINED = 1;
  static final int FAILED = 2;

  private AuditApplication() {}

  public static void main(String[] arguments) {
    System.exit(
        run(
            setting("TICKETING_DATABASE_URL", "jdbc:mysql://localhost:3306/ticketing"),
            setting("TICKETING_DATABASE_USER", "ticketing"),
            setting("TICKETING_DATABASE_PASSWORD", ""),
            arguments,
            System.out));
  }

  /// @return exit code
  static int run(String url, String user, String password, String[] arguments, PrintStream out) {
    try (Connection connection = DriverManager.getConnection(url, user, password)) {
      connection.setReadOnly(true);
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      connection.setAutoCommit(false);
      return audit(connection, Arrays.stream(arguments).map(Long::valueOf).toList(), out);
    } catch (SQLException | NumberFormatException e) {
      out.println("audit failed, cause=" + e.getMessage());
      return FAILED;
    }
  }

  private static int audit(Connection connection, List<Long> eventIds, PrintStream out)
      throws SQLException {
    SaleAudit audit = new SaleAudit(connection);
    int unexplained = 0;
    List<Long> ids = eventIds.isEmpty() ? audit.eventIds() : eventIds;
    for (long eventId : ids) {
      connection.rollback(); // the next read begins a new snapshot
      AuditResult result = audit.audit(eventId);
      out.println(
          switch (result) {
            case AuditResult.Explained explained ->
                "event=%d explained, steps=%d".formatted(eventId, explained.steps());
            case AuditResult.Skipped skipped ->
                "event=%d skipped, cause=%s".formatted(eventId, skipped.cause());
            case AuditResult.Unexplained found ->
                "event=%d unexplained, %s".formatted(eventId, found.difference());
          });
      unexplained += result instanceof AuditResult.Unexplained ? 1 : 0;
    }
    out.println("audited events=%d unexplained=%d".formatted(ids.size(), unexplained));
    return unexplained == 0 ? EXPLAINED : UNEXPLAINED;
  }

  private static String setting(String name, String standard) {
    String value = System.getenv(name);
    return value == null ? standard : value;
  }
}
