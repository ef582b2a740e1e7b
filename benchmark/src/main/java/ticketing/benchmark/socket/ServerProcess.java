package ticketing.benchmark.socket;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import ticketing.local.servers.ManagedProcess;
import ticketing.local.servers.Ports;
import ticketing.local.servers.ProjectRoot;
import ticketing.local.system.BootJar;

/// Process of the notifier or of the echo server, on Tomcat or Jetty, with its memory and processor
/// time.
final class ServerProcess implements AutoCloseable {

  enum Container {
    TOMCAT("tomcat-embed-", "spring-boot-tomcat"),
    /// Tomcat contains the API classes in its jars; Jetty needs separate ones.
    JETTY("jetty-", "spring-boot-jetty", "jakarta.servlet-api", "jakarta.websocket-");

    private final List<String> jars;

    Container(String... jars) {
      this.jars = List.of(jars);
    }

    /// Both containers use Tomcat's expression language.
    boolean owns(String jar) {
      return jars.stream().anyMatch(jar::contains) && !jar.contains("tomcat-embed-el");
    }

    Container other() {
      return this == TOMCAT ? JETTY : TOMCAT;
    }

    String title() {
      return name().charAt(0) + name().substring(1).toLowerCase(Locale.ROOT);
    }
  }

  /// Memory in bytes after a full garbage collection.
  ///
  /// @param heap live objects
  /// @param classes live objects by class
  /// @param resident resident memory of the process
  record Memory(long heap, Map<String, Long> classes, long resident) {

    /// Growth of each class since an earlier state, divided by `count`, in descending order.
    String growthPer(Memory before, int count) {
      return classes.entrySet().stream()
          .map(entry ->
              Map.entry(
                  entry.getKey(),
                  (entry.getValue() - before.classes.getOrDefault(entry.getKey(), 0L)) / count))
          .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
          .limit(HISTOGRAM_LINES)
          .map(entry -> "%8d  %s".formatted(entry.getValue(), entry.getKey()))
          .collect(Collectors.joining("\n"));
    }
  }

  private static final int HISTOGRAM_LINES = 40;

  /// Dead space that the serial collector leaves between objects.
  private static final Set<String> FILLERS =
      Set.of("[Ljdk.internal.vm.FillerElement;", "jdk.internal.vm.FillerObject");

  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

  private final Container container;
  private final ManagedProcess process;
  private final int port;

  private ServerProcess(Container container, ManagedProcess process, int port) {
    this.container = container;
    this.process = process;
    this.port = port;
  }

  /// Starts the notifier of the built jar.
  ///
  /// @param folder work folder
  /// @param options JVM options
  /// @param settings `name=value`
  static ServerProcess notifier(
      Container container, Path folder, List<String> options, List<String> settings)
      throws IOException {
    Path unpacked = folder.resolve("notifier");
    BootJar.unpack(ProjectRoot.root(), "notifier", unpacked);
    List<String> classPath = new ArrayList<>();
    try (Stream<Path> libraries = Files.list(unpacked.resolve("lib"))) {
      libraries
          .map(Path::toString)
          .filter(lib -> !container.other().owns(lib))
          .forEach(classPath::add);
    }
    if (classPath.stream().noneMatch(container::owns)) {
      ownClassPath().filter(container::owns).forEach(classPath::add);
    }
    // Not the unpacked jar: its manifest contains the libraries of both containers.
    classPath.add(ProjectRoot.root().resolve("notifier/target/classes").toString());
    int management = Ports.free();
    List<String> all = new ArrayList<>(settings);
    all.add("spring.profiles.active=local");
    all.add("management.server.port=" + management);
    all.add("management.server.address=127.0.0.1");
    return start(
        container,
        "notifier",
        classPath,
        "ticketing.notifier.NotifierApplication",
        options,
        all,
        management);
  }

  static ServerProcess echo(Container container, List<String> options, List<String> settings)
      throws IOException {
    List<String> classPath = ownClassPath().filter(lib -> !container.other().owns(lib)).toList();
    return start(
        container,
        "echo",
        classPath,
        "ticketing.benchmark.echo.EchoApplication",
        options,
        settings,
        0);
  }

  private static Stream<String> ownClassPath() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator));
  }

  private static ServerProcess start(
      Container container,
      String name,
      List<String> classPath,
      String main,
      List<String> options,
      List<String> settings,
      int management)
      throws IOException {
    int port = Ports.free();
    List<String> command = new ArrayList<>();
    command.add(java("java"));
    command.addAll(options);
    command.add("-XX:+UseSerialGC");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("--sun-misc-unsafe-memory-access=allow");
    command.add("-classpath");
    command.add(String.join(File.pathSeparator, classPath));
    command.add(main);
    command.add("--server.port=" + port);
    command.add("--server.address=127.0.0.1");
    settings.forEach(setting -> command.add("--" + setting));
    Path folder = Files.createTempDirectory("sockets");
    ManagedProcess process =
        ManagedProcess.start(name, command, Map.of(), folder, folder.resolve(name + ".log"));
    process.awaitReady(
        () -> isReady(management == 0 ? port : management, management == 0), START_TIMEOUT);
    return new ServerProcess(container, process, port);
  }

  private static boolean isReady(int port, boolean anyStatus) {
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + port + "/actuator/health/readiness"))
            .timeout(Duration.ofSeconds(5))
            .build();
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(request, BodyHandlers.discarding()).statusCode() == 200 || anyStatus;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /// True if the clients offer compression to this server, as browsers do. False on Jetty, where
  /// the notifier accepts the offer and the clients cannot read compressed frames.
  boolean receivesCompressionOffer() {
    return container == Container.TOMCAT;
  }

  InetSocketAddress address() {
    return new InetSocketAddress("127.0.0.1", port);
  }

  Duration processorTime() {
    return process.processorTime();
  }

  Memory memory() {
    Map<String, Long> classes = new HashMap<>();
    long heap = 0;
    for (String line : jcmd("GC.class_histogram").lines().toList()) {
      // "  12:      1234      56789  java.lang.String (java.base@25)", and "Total   1234   56789"
      String[] columns = line.strip().split("\\s+");
      if (columns[0].equals("Total")) {
        heap += Long.parseLong(columns[2]);
      } else if (columns.length > 3 && columns[0].endsWith(":")) {
        if (FILLERS.contains(columns[3])) {
          heap -= Long.parseLong(columns[2]);
        } else {
          classes.merge(columns[3], Long.valueOf(columns[2]), Long::sum);
        }
      }
    }
    return new Memory(heap, classes, resident());
  }

  private long resident() {
    try (Stream<String> status = Files.lines(Path.of("/proc/" + process.pid() + "/status"))) {
      return status
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0; // no Linux
    }
  }

  private String jcmd(String command) {
    try {
      Process jcmd =
          new ProcessBuilder(java("jcmd"), String.valueOf(process.pid()), command)
              .redirectErrorStream(true)
              .start();
      String output = new String(jcmd.getInputStream().readAllBytes());
      if (!jcmd.waitFor(60, TimeUnit.SECONDS) || jcmd.exitValue() != 0) {
        throw new IllegalStateException(output);
      }
      return output;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static String java(String tool) {
    return Path.of(System.getProperty("java.home"), "bin", tool).toString();
  }

  @Override
  public void close() {
    process.stop(Duration.ofSeconds(20));
  }
}
