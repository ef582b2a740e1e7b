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
import ticketing.local.servers.LocalServers;
import ticketing.local.servers.ManagedProcess;
import ticketing.local.servers.Measurement;
import ticketing.local.servers.Measurement.Row;
import ticketing.local.servers.Ports;
import ticketing.local.servers.ProjectRoot;
import ticketing.local.servers.ServerException;
import ticketing.local.system.BootJar;

/// From the start of an application's JVM to the first 200 of its readiness, as the images do it:
/// the unpacked jar, trained and started by the scripts of `docker/`, with the AOT cache and
/// without it in turns. One application at a time, the servers running before. Needs a Unix shell.
final class StartupBenchmark {

  private static final String PART = "startup";

  // Two folders, so that a start needs no other switch than in an image.
  private static final String WITHOUT = "without";
  private static final String WITH = "with";

  private static final List<String> MODULES = List.of("ingress-api", "booking-worker", "notifier");

  /// What 45 % of the memory is that Compose gives to a container.
  private static final String HEAP = "-Xmx288m";

  private static final double LIMIT_SECONDS = 5;
  private static final Duration TRAINING = Duration.ofMinutes(5);
  private static final Duration READY = Duration.ofMinutes(3);
  private static final Duration STOP = Duration.ofSeconds(35);
  private static final Duration PROBE = Duration.ofSeconds(2);

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(PROBE).build();
  private final Path checkout = ProjectRoot.root();
  private final Path folder;
  private final LocalServers servers;
  private final int turns = Integer.getInteger("benchmark.startup.turns", 1);

  private StartupBenchmark(Path folder, LocalServers servers) {
    this.folder = folder;
    this.servers = servers;
  }

  /// Of one start.
  ///
  /// @param processor user and system, of all threads until then
  private record Start(double seconds, double processor) {

    @Override
    public String toString() {
      return "%.1f s".formatted(seconds);
    }
  }

  /// @param arguments the folder for the figures; a folder to work in
  public static void main(String[] arguments) throws IOException {
    if (!Measurement.isChosen(PART)) {
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
    // All at the same time, as nothing is measured yet; and the first start makes the schema.
    List<ManagedProcess> trainings = new ArrayList<>();
    for (String module : MODULES) {
      unpack(module, WITHOUT);
      unpack(module, WITH);
      trainings.add(training(module));
    }
    start(MODULES.getFirst(), folder(MODULES.getFirst(), WITHOUT));
    trainings.forEach(StartupBenchmark::await);
    for (String module : MODULES) {
      all = figures(all, module);
    }
    return all;
  }

  private Measurement figures(Measurement measurement, String module) throws IOException {
    Path without = folder(module, WITHOUT);
    Path with = folder(module, WITH);
    List<Start> slow = new ArrayList<>();
    List<Start> fast = new ArrayList<>();
    for (int turn = 0; turn < turns; turn++) {
      slow.add(start(module, without));
      fast.add(start(module, with));
      say("%s: %s without, %s with the cache".formatted(module, slow.getLast(), fast.getLast()));
    }
    List<Double> slowSeconds = slow.stream().map(Start::seconds).sorted().toList();
    List<Double> fastSeconds = fast.stream().map(Start::seconds).sorted().toList();
    return measurement
        .with(
            Row.of(module + " start to ready, AOT cache", median(fastSeconds), "s")
                .beside("without", median(slowSeconds))
                .atMost(LIMIT_SECONDS)
                .noting(
                    "%.1f to %.1f, without %.1f to %.1f s, %d starts of each"
                        .formatted(
                            fastSeconds.getFirst(),
                            fastSeconds.getLast(),
                            slowSeconds.getFirst(),
                            slowSeconds.getLast(),
                            turns)))
        .with(
            Row.of(
                    module + " start to ready, AOT cache, processor time",
                    median(fast.stream().map(Start::processor).sorted().toList()),
                    "s")
                .beside("without", median(slow.stream().map(Start::processor).sorted().toList())))
        .with(
            Row.of(
                module + " size of the AOT cache",
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
    say(module + ": making the AOT cache");
    return ManagedProcess.start(
        "training of " + module,
        script("train"),
        inImage(folder(module, WITH)),
        folder,
        folder.resolve("training-" + module + ".log"));
  }

  private static void await(ManagedProcess training) {
    int code = training.awaitExit(TRAINING);
    if (code != 0) {
      throw new ServerException(
          "%s ended with exit code %d:%n%s"
              .formatted(training.name(), code, String.join("\n", training.lastLines())));
    }
  }

  private Start start(String module, Path home) {
    int managementPort = Ports.free();
    Map<String, String> environment = new HashMap<>(servers.environment());
    environment.putAll(inImage(home));
    environment.put("JAVA_OPTS", HEAP);
    environment.put("SPRING_PROFILES_ACTIVE", "local");
    environment.put("TICKETING_BIND_ADDRESS", "127.0.0.1");
    environment.put("TICKETING_PORT", Integer.toString(Ports.free()));
    environment.put("TICKETING_MANAGEMENT_PORT", Integer.toString(managementPort));
    HttpRequest readiness =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + managementPort + "/actuator/health/readiness"))
            .timeout(PROBE)
            .build();
    long begin = System.nanoTime();
    ManagedProcess process =
        ManagedProcess.start(
            module, script("start"), environment, folder, folder.resolve(module + ".log"));
    process.awaitReady(() -> isReady(readiness), READY);
    double seconds = (System.nanoTime() - begin) / 1e9;
    double processor = process.processorTime().toMillis() / 1e3;
    process.stop(STOP);
    return new Start(seconds, processor);
  }

  private boolean isReady(HttpRequest readiness) {
    try {
      return http.send(readiness, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      // The wait around this asks for it.
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private List<String> script(String name) {
    return List.of("/bin/sh", checkout.resolve("docker").resolve(name).toString());
  }

  /// What an image sets by its layout: where the application lies and which JVM `java` is.
  private static Map<String, String> inImage(Path home) {
    String path = BootJar.java().getParent() + ":" + System.getenv("PATH");
    return Map.of("TICKETING_HOME", home.toString(), "PATH", path);
  }

  private static double median(List<Double> sorted) {
    int half = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(half)
        : (sorted.get(half - 1) + sorted.get(half)) / 2;
  }

  private static void say(String line) {
    System.out.println("[startup] " + line);
  }
}
