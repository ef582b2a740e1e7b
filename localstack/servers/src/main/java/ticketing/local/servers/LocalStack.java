package ticketing.local.servers;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.zip.CRC32;

/// LocalStack without Docker, as a child process on the loopback: SQS, Secrets Manager and Systems
/// Manager. One server for each JVM, which ends with the JVM and stores its data in memory.
///
/// It needs Python 3.11. The first use installs its packages in `target/servers`; their versions
/// and hashes are those of the resource `localstack/requirements.txt`.
public final class LocalStack {

  private static final String RESOURCES = "localstack/";
  private static final List<String> REQUIREMENTS = List.of("installer.txt", "requirements.txt");
  private static final Duration INSTALL_TIMEOUT = Duration.ofMinutes(10);
  private static final Duration START_TIMEOUT = Duration.ofMinutes(3);
  private static final Duration STOP_GRACE = Duration.ofSeconds(5);

  private static URI running;
  private static long pid;

  private LocalStack() {}

  /// True if `ticketing.test.localstack` is set, or `ticketing.test.servers` contains it: tests use
  /// this server for all AWS services.
  public static boolean isEnabled() {
    return ExternalServers.setting("localstack").map(Boolean::parseBoolean).orElse(false)
        || ExternalServers.isSelected("localstack");
  }

  /// Starts the server at the first call.
  ///
  /// @return endpoint of all services
  /// @throws ServerException if it cannot be installed or does not start
  public static synchronized URI endpoint() {
    if (running == null) {
      running = start();
    }
    return running;
  }

  /// Process of the server on this port; empty if it is another server.
  static synchronized OptionalLong pid(int port) {
    return running != null && running.getPort() == port
        ? OptionalLong.of(pid)
        : OptionalLong.empty();
  }

  private static URI start() {
    Path environment = Binaries.folder("localstack-" + checksum(), LocalStack::install);
    Path folder = Path.of("target", "localstack-" + ProcessHandle.current().pid()).toAbsolutePath();
    try {
      Binaries.delete(folder);
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new ServerException("cannot prepare " + folder + ": " + Binaries.reason(e), e);
    }
    int port = Ports.free();
    ManagedProcess process =
        ManagedProcess.start(
            "LocalStack",
            List.of(python(environment), "-m", "localstack.runtime.main"),
            settings(folder, port),
            folder,
            folder.resolve("localstack.log"));
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> process.stop(STOP_GRACE), "localstack-stop"));
    process.awaitReady(() -> TestQueues.isReady(port), START_TIMEOUT);
    pid = process.pid();
    return URI.create("http://127.0.0.1:" + port);
  }

  private static Map<String, String> settings(Path folder, int port) {
    return Map.of(
        "GATEWAY_LISTEN", "127.0.0.1:" + port,
        "SERVICES", "sqs,secretsmanager,ssm",
        "FILESYSTEM_ROOT", folder.toString(),
        "LOCALSTACK_VOLUME_DIR", folder.toString(),
        // Queue URLs have the host of the request.
        "SQS_ENDPOINT_STRATEGY", "dynamic",
        // No name server, no usage reports and no download of a certificate.
        "DNS_ADDRESS", "0",
        "DISABLE_EVENTS", "1",
        "SKIP_SSL_CERT_DOWNLOAD", "1");
  }

  private static void install(Path folder) throws IOException {
    for (String file : REQUIREMENTS) {
      Files.write(folder.resolve(file), resource(file));
    }
    run(folder, List.of(systemPython(), "-m", "venv", "."));
    String python = python(folder);
    run(
        folder,
        List.of(python, "-m", "pip", "install", "--require-hashes", "-r", REQUIREMENTS.getFirst()));
    // uv installs 116 packages several times faster than pip.
    run(
        folder,
        List.of(
            python,
            "-m",
            "uv",
            "pip",
            "install",
            "--compile-bytecode",
            "--require-hashes",
            "--python",
            python,
            "-r",
            REQUIREMENTS.getLast()));
  }

  private static void run(Path folder, List<String> command) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    // The default of 60 s for a file is too short on a loaded machine.
    builder
        .environment()
        .put("UV_COMPILE_BYTECODE_TIMEOUT", Long.toString(INSTALL_TIMEOUT.toSeconds()));
    Binaries.run(
        "the installation of LocalStack (with Python 3.11 and the Python package index)",
        builder,
        folder.resolve("install.log"),
        INSTALL_TIMEOUT);
  }

  private static String python(Path environment) {
    return environment.resolve("bin/python").toString();
  }

  private static String systemPython() throws IOException {
    for (String folder : System.getenv().getOrDefault("PATH", "/usr/bin").split(":")) {
      Path python = Path.of(folder, "python3.11");
      if (Files.isExecutable(python)) {
        return python.toString();
      }
    }
    throw new IOException("LocalStack needs python3.11 on the PATH");
  }

  private static String checksum() {
    CRC32 checksum = new CRC32();
    try {
      for (String file : REQUIREMENTS) {
        checksum.update(resource(file));
      }
    } catch (IOException e) {
      throw new ServerException("cannot read " + RESOURCES, e);
    }
    return "%08x".formatted(checksum.getValue());
  }

  private static byte[] resource(String file) throws IOException {
    try (InputStream content = LocalStack.class.getResourceAsStream(RESOURCES + file)) {
      return content.readAllBytes();
    }
  }
}
