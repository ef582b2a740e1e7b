package ticketing.benchmark.http;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import ticketing.benchmark.http.BuyersSimulation.Model;
import ticketing.benchmark.http.GatlingStatistics.RequestStatistics;
import ticketing.benchmark.process.ProcessStatistics;
import ticketing.benchmark.report.Measurement;
import ticketing.benchmark.report.Measurement.Row;
import ticketing.benchmark.support.Events;
import ticketing.benchmark.support.ImageOptions;
import ticketing.local.system.ApplicationProcess;
import ticketing.local.system.LocalSystem;
import ticketing.local.system.SystemSettings;

/// HTTP benchmark of the whole system: response times, memory and processor time of its processes
/// under the load of thousands of clients with one connection each. Gatling runs in a separate
/// process.
///
/// The processes run with the options of the images: AOT cache, both compilers, the same limits of
/// code cache and heap.
final class HttpBenchmark {

  private static final String MIB = "MiB";
  private static final String MILLIS = "ms";
  private static final int SEATS = 5_000_000;
  private static final double MAX_MEAN_MILLIS = 50;
  private static final double MAX_RESIDENT_MIB = 512;

  /// Share of the measured time after which the memory statistics are read.
  private static final double STATISTICS_AT = 0.8;

  private final LocalSystem system;
  private final Path folder;
  private final int buyers = Integer.getInteger("benchmark.http.buyers", 10_000);
  private final int ramp = Integer.getInteger("benchmark.http.ramp", 20); // s
  private final int warmUp = Integer.getInteger("benchmark.http.warm-up", 20); // s
  private final int seconds = Integer.getInteger("benchmark.http.seconds", 20);
  private final double requestRate =
      Double.parseDouble(System.getProperty("benchmark.http.requests", "300"));
  private final Map<String, Map<String, Double>> nativeMemory = new LinkedHashMap<>();

  private HttpBenchmark(LocalSystem system, Path folder) {
    this.system = system;
    this.folder = folder;
  }

  /// Figures of one Gatling run.
  ///
  /// @param requests statistics of the measured requests, by name
  /// @param connections open connections
  /// @param processors used processor cores, by process
  /// @param resident resident MiB, MiB without mapped files, and threads, by process
  private record Run(
      Map<String, RequestStatistics> requests,
      double seconds,
      long connections,
      Map<String, Double> processors,
      Map<String, double[]> resident) {

    long failed() {
      return requests.values().stream().mapToLong(RequestStatistics::failed).sum();
    }

    long count() {
      return requests.values().stream().mapToLong(RequestStatistics::count).sum();
    }

    double mean() {
      return requests.values().stream()
              .mapToDouble(request -> request.count() * request.mean())
              .sum()
          / count();
    }
  }

  /// @param arguments folder of the results; work folder
  public static void main(String[] arguments) throws Exception {
    if (!Measurement.isSelected("http")) {
      return;
    }
    Path results = Path.of(arguments[0]);
    Path folder = Files.createDirectories(Path.of(arguments[1]));
    String options =
        ImageOptions.TEXT
            + " -Xmx256m -XX:NativeMemoryTracking=summary "
            + System.getProperty("benchmark.http.options", "");
    SystemSettings settings =
        SystemSettings.in(folder.resolve("system"))
            // These options override those of the launcher, which suit processes of a short life.
            .withEnvironment(Map.of("_JAVA_OPTIONS", options.strip(), "MALLOC_ARENA_MAX", "2"));
    print("creating AOT caches");
    LocalSystem.makeCaches();
    try (LocalSystem system = LocalSystem.start(settings, HttpBenchmark::print)) {
      new HttpBenchmark(system, folder).run(results);
    }
    System.exit(0);
  }

  private void run(Path results) throws IOException, InterruptedException {
    Measurement http = Measurement.of("http", "mvn -Pbenchmark -Dbenchmark.parts=http");
    Measurement memory = Measurement.of("memory", "mvn -Pbenchmark -Dbenchmark.parts=http");
    String models = System.getProperty("benchmark.http.models", "READ,POLL");
    for (Model model : Arrays.stream(models.split(",")).map(Model::valueOf).toList()) {
      // Later models run on compiled code.
      Run run = run(model, http.rows().isEmpty() ? warmUp : warmUp / 3);
      http = withFigures(http, model, run);
      if (model == Model.POLL) {
        memory = withMemory(memory, run);
      }
    }
    http.write(results);
    if (!memory.rows().isEmpty()) {
      memory.write(results);
    }
  }

  private Run run(Model model, int warm) throws IOException, InterruptedException {
    long event = Events.create(system.ingress().url(), model.name(), SEATS);
    Path results = folder.resolve("gatling").resolve(model.name().toLowerCase(Locale.ROOT));
    // Requests of one cycle: the booking, about one poll unless a WebSocket is used, and nine reads
    // in the mix with reads.
    double cycle = model == Model.SOCKET ? 1 : model == Model.POLL ? 2 : 11;
    double followSeconds = model == Model.SOCKET ? 0 : 1;
    long thinkMillis = Math.round(1e3 * Math.max(1, buyers * cycle / requestRate - followSeconds));
    print("%s: %,d buyers, think time %,d ms".formatted(model, buyers, thinkMillis));
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms1g",
                "-Xmx2g",
                "-XX:+UseParallelGC",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "-Dgatling.http.pooledConnectionIdleTimeout=300000",
                "-Dgatling.http.enableGA=false",
                "-Dgatling.data.console.light=true",
                "-Dmodel=" + model,
                "-Dbuyers=" + buyers,
                "-Devent=" + event,
                "-Dthink-millis=" + thinkMillis,
                "-Dramp=" + ramp,
                "-Dwarm-up=" + warm,
                "-Dseconds=" + seconds,
                "-Dingress=" + system.ingress().url(),
                "-Dnotifier=ws" + system.notifier().url().toString().substring("http".length())));
    command.addAll(
        List.of(
            "-classpath",
            System.getProperty("java.class.path"),
            "io.gatling.app.Gatling",
            "--simulation",
            BuyersSimulation.class.getName(),
            "--no-reports",
            "--results-folder",
            results.toString(),
            "--run-description",
            "%,d buyers, %s".formatted(buyers, model)));
    Path log = folder.resolve("gatling-" + model + ".log");
    Process gatling =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      awaitStart(gatling, log);
      TimeUnit.SECONDS.sleep(ramp + warm);
      ApplicationProcess connected = model == Model.SOCKET ? system.notifier() : system.ingress();
      return observe(gatling, connected, results);
    } finally {
      gatling.destroyForcibly().waitFor();
    }
  }

  private static void awaitStart(Process gatling, Path log)
      throws IOException, InterruptedException {
    while (!Files.readString(log).contains(" started...")) {
      if (!gatling.isAlive()) {
        throw new IOException("Gatling exited before the start of the simulation, log=" + log);
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  /// Observes the processes during the measured time, which begins now.
  ///
  /// @param connected process to which each client has an open connection
  private Run observe(Process gatling, ApplicationProcess connected, Path results)
      throws IOException, InterruptedException {
    Map<String, double[]> resident = new LinkedHashMap<>();
    Map<String, Double> before = processorSeconds(gatling);
    Instant start = Instant.now();
    TimeUnit.MILLISECONDS.sleep((long) (STATISTICS_AT * 1e3 * seconds));
    long connections = ProcessStatistics.connections(connected.url().getPort());
    for (ApplicationProcess application : system.applications()) {
      resident.put(
          application.name(),
          new double[] {
            ProcessStatistics.residentMib(application.pid()),
            ProcessStatistics.anonymousMib(application.pid()),
            ProcessStatistics.threads(application.pid())
          });
    }
    Duration remaining = Duration.between(Instant.now(), start.plusSeconds(seconds));
    TimeUnit.MILLISECONDS.sleep(Math.max(0, remaining.toMillis()));
    double elapsed = Duration.between(start, Instant.now()).toMillis() / 1e3;
    Map<String, Double> used = processorSeconds(gatling);
    used.replaceAll((process, time) -> (time - before.getOrDefault(process, 0.0)) / elapsed);
    // The measured time is over, so these commands affect no figure.
    for (ApplicationProcess application : system.applications()) {
      nativeMemory.put(application.name(), ProcessStatistics.nativeMemory(application.pid()));
      Files.writeString(
          folder.resolve("memory-" + application.name() + ".txt"),
          ProcessStatistics.jcmd(application.pid(), "VM.native_memory", "summary")
              + ProcessStatistics.jcmd(application.pid(), "GC.heap_info")
              + ProcessStatistics.jcmd(application.pid(), "GC.class_histogram")
                  .lines()
                  .limit(60)
                  .collect(Collectors.joining("\n")));
    }
    if (!gatling.waitFor(3, TimeUnit.MINUTES)) {
      throw new IOException("Gatling has not exited");
    }
    Map<String, RequestStatistics> requests = GatlingStatistics.read(results);
    requests.keySet().removeIf(name -> name.startsWith(BuyersSimulation.UNMEASURED));
    return new Run(requests, seconds, connections, used, resident);
  }

  /// Processor time of every process. The embedded queue runs in this process.
  private Map<String, Double> processorSeconds(Process gatling) {
    Map<String, Double> seconds = new LinkedHashMap<>();
    for (ApplicationProcess application : system.applications()) {
      ProcessHandle process =
          ProcessHandle.of(application.pid())
              .orElseThrow(() ->
                  new IllegalStateException(
                      application.name() + " has exited, log=" + application.log()));
      seconds.put(application.name(), processorSecondsOf(process));
    }
    system
        .servers()
        .processorTimes()
        .forEach((name, time) -> seconds.put(name, time.toMillis() / 1e3));
    seconds.put("queue", processorSecondsOf(ProcessHandle.current()));
    seconds.put("Gatling", processorSecondsOf(gatling.toHandle()));
    return seconds;
  }

  private static double processorSecondsOf(ProcessHandle process) {
    return process.info().totalCpuDuration().orElse(Duration.ZERO).toMillis() / 1e3;
  }

  private Measurement withFigures(Measurement http, Model model, Run run) {
    String title =
        switch (model) {
          case POLL -> "book and poll";
          case READ -> "book and poll, event reads 9:1";
          case SOCKET -> "book and receive frames";
        };
    String rates =
        "%,.0f requests/s offered by a closed model".formatted(run.count() / run.seconds());
    Measurement all =
        http.with(
                Row.of(title + ": open connections", run.connections(), "connections")
                    .withMin(buyers))
            .with(
                Row.of(title + ": responses", run.count() / run.seconds(), "responses/s")
                    .withNote("closed model with think time"))
            .with(mean(title, model, run).withNote(rates))
            .with(Row.of(title + ": errors", run.failed(), "errors").withMax(0));
    for (Map.Entry<String, RequestStatistics> request : run.requests().entrySet()) {
      RequestStatistics statistics = request.getValue();
      all =
          all.with(
              Row.of(title + ": " + request.getKey() + ", mean", statistics.mean(), MILLIS)
                  .withNote(
                      "%,.0f/s, p50 %,.0f, p95 %,.0f, p99 %,.0f ms"
                          .formatted(
                              statistics.count() / run.seconds(),
                              statistics.p50(),
                              statistics.p95(),
                              statistics.p99())));
    }
    for (Map.Entry<String, Double> process : run.processors().entrySet()) {
      all =
          all.with(
              Row.of(
                  title + ": processor cores of " + process.getKey(), process.getValue(), "cores"));
    }
    return all;
  }

  /// With a WebSocket the mean includes the time to the decision, which has no target here.
  private static Row mean(String title, Model model, Run run) {
    Row mean = Row.of(title + ": mean", run.mean(), MILLIS);
    return model == Model.SOCKET ? mean : mean.withMax(MAX_MEAN_MILLIS);
  }

  private Measurement withMemory(Measurement memory, Run run) {
    Measurement all = memory;
    for (ApplicationProcess application : system.applications()) {
      String name = application.name();
      double[] resident = run.resident().get(name);
      all =
          all.with(
              Row.of(name + ": resident", resident[0], MIB)
                  .withMax(MAX_RESIDENT_MIB)
                  .withNote(
                      "%.0f MiB without mapped files; %.0f threads"
                          .formatted(resident[1], resident[2])));
      for (Map.Entry<String, Double> part : nativeMemory.get(name).entrySet()) {
        if (part.getValue() >= 1) {
          all = all.with(Row.of(name + ": " + part.getKey() + ", committed", part.getValue(), MIB));
        }
      }
    }
    return all;
  }

  private static void print(String line) {
    System.out.println("[http] " + line);
  }
}
