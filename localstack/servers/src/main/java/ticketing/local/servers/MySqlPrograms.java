package ticketing.local.servers;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// MySQL of a [DebianServer]. It has TLS, `caching_sha2_password` and a binary log, as by default.
final class MySqlPrograms implements DatabasePrograms {

  private static final Duration INITIALIZATION_TIMEOUT = Duration.ofSeconds(120);

  @Override
  public String name() {
    return "MySQL";
  }

  @Override
  public String id() {
    return "mysql";
  }

  @Override
  public Path emptyData() {
    Path programs = DebianServer.MYSQL.folder();
    List<String> command = baseCommand();
    return Binaries.folder(
        programs.getFileName() + "-empty", folder -> initialize(command, folder));
  }

  @Override
  public List<String> command(Optional<TlsCertificate> tls) {
    List<String> command = baseCommand();
    command.add("--secure-file-priv=NULL");
    command.add("--mysqlx=OFF");
    command.add("--innodb-redo-log-capacity=128M");
    tls.ifPresent(files -> {
      command.add("--ssl-cert=" + files.certificate());
      command.add("--ssl-key=" + files.key());
    });
    return command;
  }

  @Override
  public String readOnlyPrivilege() {
    return "SYSTEM_VARIABLES_ADMIN";
  }

  @Override
  public Map<String, String> driverProperties() {
    return Map.of();
  }

  private static List<String> baseCommand() {
    List<String> command = new ArrayList<>(DebianServer.MYSQL.command());
    command.add("--no-defaults");
    command.add("--basedir=" + DebianServer.MYSQL.folder().resolve("usr"));
    DatabasePrograms.addUserIfRoot(command);
    return command;
  }

  private static void initialize(List<String> command, Path data) throws IOException {
    command.add("--initialize-insecure");
    command.add("--innodb-redo-log-capacity=16M");
    command.add("--secure-file-priv=NULL");
    command.add("--datadir=" + data);
    Binaries.run(
        "the initialization of MySQL",
        new ProcessBuilder(command),
        data.resolveSibling("mysql-initialization.log"),
        INITIALIZATION_TIMEOUT);
  }
}
