package ticketing.local.servers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// MySQL or MariaDB as a child process with durable commits, UTC and utf8mb4.
final class DatabaseServer extends ServerProcess {

  static final String SCHEMA = "ticketing";
  static final String USER = "ticketing";
  static final String PASSWORD = "ticketing";
  static final String FAULT_USER = "ticketing_faults";
  static final String OWNER = "ticketing_owner";

  private static final Duration STOP_GRACE = Duration.ofSeconds(20);

  private final DatabasePrograms programs;
  private final Path folder;
  private final Optional<TlsCertificate> tls;

  DatabaseServer(
      DatabasePrograms programs,
      Path folder,
      int port,
      Optional<TlsCertificate> tls,
      Duration startTimeout) {
    super(port, startTimeout, STOP_GRACE);
    this.programs = programs;
    this.folder = folder;
    this.tls = tls;
  }

  @Override
  String name() {
    return programs.name();
  }

  @Override
  ManagedProcess launch() {
    try {
      Files.createDirectories(temporaryFiles());
      if (!Files.exists(data())) {
        // Copied to a temporary name and then moved, so that a crash leaves no incomplete copy.
        Binaries.delete(unfinishedData());
        Binaries.copy(programs.emptyData(), unfinishedData());
        Files.move(unfinishedData(), data());
      }
      Files.writeString(initFile(), accounts(programs.readOnlyPrivilege()));
    } catch (IOException e) {
      throw new ServerException(
          "cannot prepare data of %s in %s: %s".formatted(name(), folder, Binaries.reason(e)), e);
    }
    return ManagedProcess.start(
        name(), command(), Map.of(), folder, folder.resolve(programs.id() + ".log"));
  }

  /// Deletes all data of the stopped server.
  void deleteData() throws IOException {
    for (Path folder : List.of(data(), unfinishedData(), temporaryFiles())) {
      Binaries.delete(folder);
    }
  }

  boolean isMariaDb() {
    return programs instanceof MariaDbPrograms;
  }

  Map<String, String> driverProperties() {
    return programs.driverProperties();
  }

  @Override
  boolean isReady() {
    try (Connection connection =
        TestSchemas.connect(
            TestSchemas.url(port(), SCHEMA), USER, PASSWORD, programs.driverProperties())) {
      return connection.isValid(2);
    } catch (SQLException e) {
      return false;
    }
  }

  private List<String> command() {
    List<String> command = new ArrayList<>(programs.command(tls));
    command.add("--datadir=" + data());
    command.add("--tmpdir=" + temporaryFiles());
    command.add("--init-file=" + initFile());
    command.add("--port=" + port());
    command.add("--bind-address=127.0.0.1");
    // Relative to the data folder, because the path of a socket has at most 107 bytes.
    command.add("--socket=server.sock");
    command.add("--pid-file=server.pid");
    command.add("--skip-name-resolve");
    command.add("--character-set-server=utf8mb4");
    command.add("--default-time-zone=+00:00");
    command.add("--max-connections=200");
    command.add("--innodb-flush-log-at-trx-commit=1");
    command.add("--innodb-buffer-pool-size=256M");
    command.add("--performance-schema=off");
    return command;
  }

  private Path data() {
    return folder.resolve(programs.id());
  }

  private Path unfinishedData() {
    return folder.resolve(programs.id() + ".unfinished");
  }

  private Path temporaryFiles() {
    return folder.resolve(programs.id() + "-tmp");
  }

  private Path initFile() {
    return folder.resolve(programs.id() + "-init.sql");
  }

  /// Grants access only to the schemas of this system, which protects the system tables. A second
  /// account makes the server read-only in fault tests; it has no access to data. A third one
  /// creates accounts, like the owner of a database on AWS.
  private static String accounts(String readOnlyPrivilege) {
    return """
    CREATE DATABASE IF NOT EXISTS %1$s;
    CREATE USER IF NOT EXISTS %2$s@'127.0.0.1' IDENTIFIED BY '%3$s';
    CREATE USER IF NOT EXISTS %2$s@'localhost' IDENTIFIED BY '%3$s';
    GRANT ALL ON `%1$s%%`.* TO %2$s@'127.0.0.1';
    GRANT ALL ON `%1$s%%`.* TO %2$s@'localhost';
    CREATE USER IF NOT EXISTS %4$s@'127.0.0.1' IDENTIFIED BY '%3$s';
    GRANT %6$s ON *.* TO %4$s@'127.0.0.1';
    CREATE USER IF NOT EXISTS %5$s@'127.0.0.1' IDENTIFIED BY '%3$s';
    GRANT CREATE USER ON *.* TO %5$s@'127.0.0.1';
    GRANT ALL ON `%1$s%%`.* TO %5$s@'127.0.0.1' WITH GRANT OPTION;
    """
        .formatted(SCHEMA, USER, PASSWORD, FAULT_USER, OWNER, readOnlyPrivilege);
  }
}
