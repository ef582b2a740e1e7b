package ticketing.simulation.run;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import ticketing.simulation.database.SimulatedConnection;
import ticketing.simulation.kernel.SimulatedProcess;
import ticketing.simulation.process.Servers;
import ticketing.worker.audit.AuditResult;
import ticketing.worker.audit.SaleAudit;

/// Replay of the ledger through its rules.
final class Audit {

  private static final String DECISION_WITHOUT_NUMBER =
      """
      SELECT id, decision, reason FROM tickets WHERE event_id = ? AND sequence IS NULL
        AND COALESCE(reason, '') <> 'GAVE_UP' LIMIT 1\
      """;
  private static final String DECISION_BEHIND_A_GAP =
      "SELECT MIN(sequence) FROM tickets WHERE event_id = ? AND sequence >= ?";

  private static final String RESERVED_SEATS =
      "SELECT seat_id FROM reservation_seats WHERE event_id = ?";

  private Audit() {}

  /// Returns a violation for each event with a row that its history does not explain.
  static List<String> findUnexplained(Servers servers, SimulatedProcess reader, int events) {
    DataSource database =
        SimulatedConnection.dataSource(
            servers.kernel, reader, servers.database, servers.databaseFaults);
    List<String> unexplained = new ArrayList<>();
    try (Connection connection = database.getConnection()) {
      SaleAudit audit = new SaleAudit(simplified(connection));
      for (long eventId = 1; eventId <= events; eventId++) {
        if (audit.audit(eventId) instanceof AuditResult.Unexplained(long id, var difference)) {
          unexplained.add("guarantee 1: event " + id + " is unexplained, " + difference);
        }
      }
    } catch (SQLException e) {
      unexplained.add("cannot replay the ledger: " + e);
    }
    return unexplained;
  }

  /// The simulated database has neither subqueries nor joins. All events exist from the start and
  /// have no numbered seats, so these statements of the replay have the same result without them.
  private static Connection simplified(Connection connection) {
    return (Connection)
        Proxy.newProxyInstance(
            Audit.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (self, method, arguments) -> {
              try {
                return method.getName().equals("prepareStatement")
                    ? connection.prepareStatement(simplified((String) arguments[0]))
                    : method.invoke(connection, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static String simplified(String sql) {
    if (sql.contains("NOT EXISTS")) {
      return DECISION_WITHOUT_NUMBER;
    }
    if (sql.contains("UNION")) {
      return DECISION_BEHIND_A_GAP;
    }
    return sql.contains("JOIN ") ? RESERVED_SEATS : sql;
  }
}
