package ticketing.simulation.run;

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

  private Audit() {}

  /// Returns a violation for each event with a row that its history does not explain.
  static List<String> findUnexplained(Servers servers, SimulatedProcess reader, int events) {
    DataSource database =
        SimulatedConnection.dataSource(
            servers.kernel, reader, servers.database, servers.databaseFaults);
    List<String> unexplained = new ArrayList<>();
    try (Connection connection = database.getConnection()) {
      SaleAudit audit = new SaleAudit(connection);
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
}
