package ticketing.local.servers;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Programs of a database server, and its differences.
sealed interface DatabasePrograms permits MariaDbPrograms, MySqlPrograms {

  /// MySQL, if `ticketing.test.servers` selects it; otherwise the embedded MariaDB.
  static DatabasePrograms selected() {
    return DebianServer.MYSQL.isSelected() ? new MySqlPrograms() : new MariaDbPrograms();
  }

  String name();

  /// Prefix of the names of its files.
  String id();

  /// Data folder of a new server. It is made at the first call.
  Path emptyData();

  /// Command of the server, with the options that only this server has.
  List<String> command(Optional<TlsCertificate> tls);

  /// Privilege that permits to set `read_only` and not to write while it is set.
  String readOnlyPrivilege();

  /// Properties of the driver.
  Map<String, String> driverProperties();

  static void addUserIfRoot(List<String> command) {
    if (System.getProperty("user.name", "").equals("root")) {
      command.add("--user=root");
    }
  }
}
