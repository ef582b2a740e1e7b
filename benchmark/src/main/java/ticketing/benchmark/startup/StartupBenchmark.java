package ticketing.benchmark.startup;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.springframework.util.FileSystemUtils;
import ticketing.benchmark.report.Measurement;
import ticketing.benchmark.report.Measurement.Row;
import ticketing.local.servers.LocalServers;
import ticketing.local.servers.ManagedProcess;
import ticketing.local.servers.Ports;
import ticketing.local.servers.ProjectRoot;
import ticketing.local.servers.ServerException;
import ticketing.local.system.BootJar;

/// Time from the start of an application's JVM to its first ready state, with and without an AOT
/// cache in alternation. The applications start as in the images: the unpacked jar and the scripts
/// of `docker/`. One application starts at a time, on running servers. Requires a Unix shell.
final class StartupBenchmark {

  private static final String PART = "startup";

  // Two folders, so that both starts use the options of an image.
  private static final String WITHOUT_CACHE = "without";
  private static final String WITH_CACHE = "with";

  private static final List<String> MODULES = List.of("ingress-api", "booking-worker", "notifier");

  /// 45 % of the memory limit of a container in Compose.
  private static final String HEAP = "-Xmx288m";

  private static final double MAX_SECONDS = 5;
  private static final Duration TRAINING_TIMEOUT = Duration.ofMinutes(5);
  private static final Duration READY_TIMEOUT = Duration.ofMinutes(3);
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(35);
  private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(2);

  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(PROBE_TIMEOUT)
          .build();
  private final Path checkout = ProjectRoot.root();
  private final Path folder;
  private final LocalServers servers;
  private final int turns = Integer.getInteger("benchmark.startup.turns", 1);

  private StartupBenchmark(Path folder, LocalServers servers) {
    this.folder = folder;
    this.servers = servers;
  }

  /// Result of one start.
  ///
  /// @param processorSeconds user and system time of all threads until ready
  private record Start(double seconds, double processorSeconds) {

    @Override
    public String toString() {
      return "%.1f s".formatted(seconds);
    }
  }

  /// @param arguments folder of the results; work folder
  public static void main(String[] arguments) throws IOException {
    if (!Measurement.isSelected(PART)) {
      return;
    }
    Path folder = Path.of(arguments[1]).toAbsolutePath();
    FileSystemUtils.deleteRecursively(folder);
    Files.createDirectories(folder);
    try (LocalServers servers = LocalServers.start(folder.resolve("servers"))) {
      new StartupBenchmark(folder, servers).run().write(Path.of(arguments[0]));
    }
    System.exit(0);
  }

  private Measurement run() throws IOException {
    Measurement all = Measurement.of(PART, "mvn -Pbenchmark -Dbenchmark.parts=" + PART);
    // All trainings run concurrently, because no figure is measured yet. The first start creates
    // the
    // schema.
    List<ManagedProcess> trainings = new ArrayList<>();
    for (String module : MODULES) {
      unpack(module, WITHOUT_CACHE);
      unpack(module, WITH_CACHE);
      trainings.add(training(module));
    }
    start(MODULES.getFirst(), folder(MODULES.getFirst(), WITHOUT_CACHE));
    trainings.forEach(StartupBenchmark::await);
    for (String module : MODULES) {
      all = figures(all, module);
    }
    return all;
  }

  private Measurement figures(Measurement measurement, String module) throws IOException {
    Path without = folder(module, WITHOUT_CACHE);
    Path with = folder(module, WITH_CACHE);
    List<Start> slow = new ArrayList<>();
    List<Start> fast = new ArrayList<>();
    for (int turn = 0; turn < turns; turn++) {
      slow.add(start(module, without));
      fast.add(start(module, with));
      print(
          "%s: %s without AOT cache, %s with it".formatted(module, slow.getLast(), fast.getLast()));
    }
    List<Double> slowSeconds = slow.stream().map(Start::seconds).sorted().toList();
    List<Double> fastSeconds = fast.stream().map(Start::seconds).sorted().toList();
    return measurement
        .with(
            Row.of(module + " start to ready, AOT cache", median(fastSeconds), "s")
                .withBaseline("without AOT cache", median(slowSeconds))
                .withMax(MAX_SECONDS)
                .withNote(
                    "%.1f to %.1f, without %.1f to %.1f s, %d starts of each"
                        .formatted(
                            fastSeconds.getFirst(),
                            fastSeconds.getLast(),
                            slowSeconds.getFirst(),
                            slowSeconds.getLast(),
                            turns)))
        .with(
            Row.of(
                    module + " processor time of the start, AOT cache",
                    median(fast.stream().map(Start::processorSeconds).sorted().toList()),
                    "s")
                .withBaseline(
                    "without AOT cache",
                    median(slow.stream().map(Start::processorSeconds).sorted().toList())))
        .with(
            Row.of(
                module + " AOT cache, size",
                Files.size(with.resolve("app.aot")) / (double) (1 << 20),
                "MiB"));
  }

  private Path folder(String module, String name) {
    return folder.resolve(module).resolve(name);
  }

  private void unpack(String module, String name) throws IOException {
    BootJar.unpack(checkout, module, folder(module, name));
  }

  private ManagedProcess training(String module) {
    print(module + ": creating the AOT cache");
    return ManagedProcess.start(
        "training of " + module,
        script("train"),
        imageEnvironment(folder(module, WITH_CACHE)),
        folder,
        folder.resolve("training-" + module + ".log"));
  }

  private static void await(ManagedProcess training) {
    int code = training.awaitExit(TRAINING_TIMEOUT);
    if (code != 0) {
      throw new ServerException(
          "%s ended with exit code %d:%n%s"
              .formatted(training.name(), code, String.join("\n", training.lastLines())));
    }
  }

  private Start start(String module, Path home) {
    int managementPort = Ports.free();
    Map<String, String> environment = new HashMap<>(servers.environment());
    environment.putAll(imageEnvironment(home));
    environment.put("JAVA_OPTS", HEAP);
    environment.put("SPRING_PROFILES_ACTIVE", "local");
    environment.put("TICKETING_BIND_ADDRESS", "127.0.0.1");
    environment.put("TICKETING_PORT", Integer.toString(Ports.free()));
    environment.put("TICKETING_MANAGEMENT_PORT", Integer.toString(managementPort));
    HttpRequest readiness =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + managementPort + "/actuator/health/readiness"))
            .timeout(PROBE_TIMEOUT)
            .build();
    long begin = System.nanoTime();
    ManagedProcess process =
        ManagedProcess.start(
            module, script("start"), environment, folder, folder.resolve(module + ".log"));
    process.awaitReady(() -> isReady(readiness), READY_TIMEOUT);
    double seconds = (System.nanoTime() - begin) / 1e9;
    double processorSeconds = process.processorTime().toMillis() / 1e3;
    process.stop(STOP_TIMEOUT);
    return new Start(seconds, processorSeconds);
  }

  private boolean isReady(HttpRequest readiness) {
    try {
      return http.send(readiness, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      // The caller polls and checks the interrupt flag.
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private List<String> script(String name) {
    return List.of("/bin/sh", checkout.resolve("docker").resolve(name).toString());
  }

  /// Environment that an image sets: the folder of the application, and the JVM on the path.
  private static Map<String, String> imageEnvironment(Path home) {
    String path = BootJar.java().getParent() + ":" + System.getenv("PATH");
    return Map.of("TICKETING_HOME", home.toString(), "PATH", path);
  }

  private static double median(List<Double> sorted) {
    int half = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(half)
        : (sorted.get(half - 1) + sorted.get(half)) / 2;
  }

  private static void print(String line) {
    System.out.println("[startup] " + line);
  }
}
