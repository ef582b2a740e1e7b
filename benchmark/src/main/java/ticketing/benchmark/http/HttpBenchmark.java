package ticketing.benchmark.http;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import ticketing.benchmark.http.BuyersSimulation.Model;
import ticketing.benchmark.startup.ProcessStatistics;
import ticketing.domain.Json;
import ticketing.local.servers.Measurement;
import ticketing.local.servers.Measurement.Row;
import ticketing.local.system.ApplicationProcess;
import ticketing.local.system.LocalSystem;
import ticketing.local.system.SystemSettings;
import ticketing.security.AccessTokenSettings;
import ticketing.security.AccessTokens;

/// The whole system as processes of their own, and thousands of clients with a connection each, by
/// Gatling in another process: how long answers take, what the processes take of memory and of the
/// processors meanwhile. Gatling's own reports lie in `benchmark/target/http/gatling`.
///
/// The processes run as those of the images do: AOT cache, both compilers, room for code, the same
/// heap.
final class HttpBenchmark {

  private static final String MIB = "MiB";
  private static final String MILLIS = "ms";
  private static final int SEATS = 5_000_000;
  private static final double LIMIT_MILLIS = 50;
  private static final double LIMIT_MIB = 512;

  /// Of the measured time, after which memory is looked at while everything is connected.
  private static final double LOOK = 0.8;

  private static final Pattern NAME =
      Pattern.compile("class=\"ellipsed-name\">([^<]+)<(.*?)</tr>", Pattern.DOTALL);

  /// Count, good, bad, share of bad, rate, least, p50, p75, p95, p99, most, mean, deviation.
  private static final Pattern COLUMN =
      Pattern.compile("<td class=\"value [a-z]+ col-\\d+\">([0-9.]+)</td>");

  private final LocalSystem system;
  private final Path folder;
  private final int buyers = Integer.getInteger("benchmark.http.buyers", 10_000);
  private final int ramp = Integer.getInteger("benchmark.http.ramp", 20); // s
  private final int warmUp = Integer.getInteger("benchmark.http.warm-up", 20); // s
  private final int seconds = Integer.getInteger("benchmark.http.seconds", 20);
  private final double perSecond =
      Double.parseDouble(System.getProperty("benchmark.http.requests", "300"));
  private final AccessTokens tokens =
      new AccessTokens(
          new AccessTokenSettings(AccessTokenSettings.LOCAL_KEY, "", Duration.ofHours(1)),
          true,
          Clock.systemUTC());
  private final Map<String, Map<String, Double>> nativeMemory = new LinkedHashMap<>();

  private HttpBenchmark(LocalSystem system, Path folder) {
    this.system = system;
    this.folder = folder;
  }

  /// What one run of Gatling found.
  ///
  /// @param requests answered in the measured time, by name
  private record Run(
      Map<String, Answers> requests,
      double seconds,
      long connections,
      Map<String, Double> processors,
      Map<String, double[]> resident) {

    long failed() {
      return requests.values().stream().mapToLong(Answers::failed).sum();
    }

    long answered() {
      return requests.values().stream().mapToLong(Answers::count).sum();
    }

    double mean() {
      return requests.values().stream().mapToDouble(one -> one.count() * one.mean()).sum()
          / answered();
    }
  }

  /// Times in milliseconds, as Gatling counts them.
  private record Answers(
      long count, long failed, double mean, double p50, double p95, double p99) {}

  /// @param arguments the folder for the figures; a folder to work in
  public static void main(String[] arguments) throws Exception {
    if (!Measurement.isChosen("http")) {
      return;
    }
    Path results = Path.of(arguments[0]);
    Path folder = Files.createDirectories(Path.of(arguments[1]));
    String options =
        "-XX:TieredStopAtLevel=4 -XX:ReservedCodeCacheSize=64m -XX:NativeMemoryTracking=summary "
            + System.getProperty("benchmark.http.options", "");
    SystemSettings settings =
        SystemSettings.in(folder.resolve("system"))
            // Wins over what the launcher sets, which suits processes that live for minutes.
            .withEnvironment(Map.of("_JAVA_OPTIONS", options.strip(), "MALLOC_ARENA_MAX", "2"));
    say("making AOT caches");
    LocalSystem.makeCaches();
    try (LocalSystem system = LocalSystem.start(settings, HttpBenchmark::say)) {
      new HttpBenchmark(system, folder).run(results);
    }
    System.exit(0);
  }

  private void run(Path results) throws IOException, InterruptedException {
    Measurement http = Measurement.of("http", "mvn -Pbenchmark -Dbenchmark.parts=http");
    Measurement memory = Measurement.of("memory", "mvn -Pbenchmark -Dbenchmark.parts=http");
    String models = System.getProperty("benchmark.http.models", "READ,POLL");
    for (Model model : Arrays.stream(models.split(",")).map(Model::valueOf).toList()) {
      // Whoever comes later finds compiled code.
      Run run = run(model, http.rows().isEmpty() ? warmUp : warmUp / 3);
      http = figures(http, model, run);
      if (model == Model.POLL) {
        memory = memory(memory, run);
      }
    }
    http.write(results);
    if (!memory.rows().isEmpty()) {
      memory.write(results);
    }
  }

  private Run run(Model model, int warm) throws IOException, InterruptedException {
    long event = createEvent(model.name());
    Path reports = folder.resolve("gatling").resolve(model.name().toLowerCase(Locale.ROOT));
    // Of a cycle's requests one is the booking and one or a few are polls; at a socket it is alone.
    double cycle = model == Model.SOCKET ? 1 : model == Model.POLL ? 2 : 11;
    double following = model == Model.SOCKET ? 0 : 1;
    long thinking = Math.round(1e3 * Math.max(1, buyers * cycle / perSecond - following));
    say("%s: %,d buyers who think for %,d ms".formatted(model, buyers, thinking));
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
                "-Dthinking=" + thinking,
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
            "--results-folder",
            reports.toString(),
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
      ApplicationProcess kept = model == Model.SOCKET ? system.notifier() : system.ingress();
      return observed(gatling, kept, () -> answers(reports));
    } finally {
      gatling.destroyForcibly().waitFor();
    }
  }

  private static void awaitStart(Process gatling, Path log)
      throws IOException, InterruptedException {
    while (!Files.readString(log).contains(" started...")) {
      if (!gatling.isAlive()) {
        throw new IOException("Gatling ended before it began; see " + log);
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  /// How to come by the answers once Gatling has ended.
  @FunctionalInterface
  private interface Reading {
    Map<String, Answers> read() throws IOException;
  }

  /// Begins with the measured time.
  ///
  /// @param kept to which each client keeps a connection open
  private Run observed(Process gatling, ApplicationProcess kept, Reading answers)
      throws IOException, InterruptedException {
    Map<String, double[]> resident = new LinkedHashMap<>();
    Map<String, Double> before = processorSeconds(gatling);
    Instant measured = Instant.now();
    TimeUnit.MILLISECONDS.sleep((long) (LOOK * 1e3 * seconds));
    long connections = ProcessStatistics.connections(kept.url().getPort());
    for (ApplicationProcess application : system.applications()) {
      resident.put(
          application.name(),
          new double[] {
            ProcessStatistics.residentMib(application.pid()),
            ProcessStatistics.anonymousMib(application.pid()),
            ProcessStatistics.threads(application.pid())
          });
    }
    Duration left = Duration.between(Instant.now(), measured.plusSeconds(seconds));
    TimeUnit.MILLISECONDS.sleep(Math.max(0, left.toMillis()));
    double elapsed = Duration.between(measured, Instant.now()).toMillis() / 1e3;
    Map<String, Double> used = processorSeconds(gatling);
    used.replaceAll((process, time) -> (time - before.getOrDefault(process, 0.0)) / elapsed);
    // What follows may take time of the processors: the measured time is over.
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
      throw new IOException("Gatling does not end");
    }
    return new Run(answers.read(), seconds, connections, used, resident);
  }

  /// So far, of every process; the embedded queue lives in this one.
  private Map<String, Double> processorSeconds(Process gatling) {
    Map<String, Double> seconds = new LinkedHashMap<>();
    for (ApplicationProcess application : system.applications()) {
      ProcessHandle process =
          ProcessHandle.of(application.pid())
              .orElseThrow(
                  () ->
                      new IllegalStateException(
                          application.name() + " has ended: see " + application.log()));
      seconds.put(application.name(), ofProcess(process));
    }
    system
        .servers()
        .processorTimes()
        .forEach((name, time) -> seconds.put(name, time.toMillis() / 1e3));
    seconds.put("queue", ofProcess(ProcessHandle.current()));
    seconds.put("Gatling", ofProcess(gatling.toHandle()));
    return seconds;
  }

  private static double ofProcess(ProcessHandle process) {
    return process.info().totalCpuDuration().orElse(Duration.ZERO).toMillis() / 1e3;
  }

  private static Map<String, Answers> answers(Path reports) throws IOException {
    Path page;
    try (Stream<Path> files = Files.walk(reports)) {
      page =
          files
              .filter(one -> one.endsWith("index.html"))
              .max(Comparator.naturalOrder())
              .orElseThrow(() -> new IOException("Gatling left no report in " + reports));
    }
    // The free version writes its figures nowhere else in words.
    Map<String, Answers> answers = new LinkedHashMap<>();
    Matcher row = NAME.matcher(Files.readString(page));
    while (row.find()) {
      String name = row.group(1);
      double[] columns =
          COLUMN
              .matcher(row.group(2))
              .results()
              .mapToDouble(cell -> Double.parseDouble(cell.group(1)))
              .toArray();
      if (!name.startsWith(BuyersSimulation.UNCOUNTED) && !name.equals("All Requests")) {
        answers.put(
            name,
            new Answers(
                (long) columns[0],
                (long) columns[2],
                columns[11],
                columns[6],
                columns[8],
                columns[9]));
      }
    }
    return answers;
  }

  private Measurement figures(Measurement http, Model model, Run run) {
    String what =
        switch (model) {
          case POLL -> "book and poll";
          case READ -> "book and poll, event reads 9:1";
          case SOCKET -> "book and be told at a WebSocket";
        };
    String rates =
        "%,.0f requests/s offered by a closed model".formatted(run.answered() / run.seconds());
    Measurement all =
        http.with(
                Row.of(what + ": open connections", run.connections(), "connections")
                    .wanted(">= " + buyers, run.connections() >= buyers))
            .with(
                Row.of(what + ": answers", run.answered() / run.seconds(), "answers/s")
                    .noting("a closed model: buyers who think"))
            .with(mean(what, model, run).noting(rates))
            .with(Row.of(what + ": errors", run.failed(), "errors").atMost(0));
    for (Map.Entry<String, Answers> request : run.requests().entrySet()) {
      Answers answers = request.getValue();
      all =
          all.with(
              Row.of(what + ": " + request.getKey() + ", mean", answers.mean(), MILLIS)
                  .noting(
                      "%,.0f/s, p50 %,.0f, p95 %,.0f, p99 %,.0f ms"
                          .formatted(
                              answers.count() / run.seconds(),
                              answers.p50(),
                              answers.p95(),
                              answers.p99())));
    }
    for (Map.Entry<String, Double> process : run.processors().entrySet()) {
      all =
          all.with(
              Row.of(what + ": processors of " + process.getKey(), process.getValue(), "cores"));
    }
    return all;
  }

  /// At a socket most of it is the time to the decision, for which there is no such target.
  private static Row mean(String what, Model model, Run run) {
    Row mean = Row.of(what + ": mean", run.mean(), MILLIS);
    return model == Model.SOCKET ? mean : mean.atMost(LIMIT_MILLIS);
  }

  private Measurement memory(Measurement memory, Run run) {
    Measurement all = memory;
    for (ApplicationProcess application : system.applications()) {
      String name = application.name();
      double[] seen = run.resident().get(name);
      all =
          all.with(
              Row.of(name + ": resident", seen[0], MIB)
                  .atMost(LIMIT_MIB)
                  .noting("%.0f of them not of a file; %.0f threads".formatted(seen[1], seen[2])));
      for (Map.Entry<String, Double> part : nativeMemory.get(name).entrySet()) {
        if (part.getValue() >= 1) {
          all = all.with(Row.of(name + ": " + part.getKey() + ", committed", part.getValue(), MIB));
        }
      }
    }
    return all;
  }

  private long createEvent(String name) throws IOException, InterruptedException {
    String body =
        """
        {"eventName":"%s","eventDate":"2030-12-24T10:00:00Z","venueName":"Hall","venueAddress":"Seoul",
         "seatTypes":[{"seatType":"R","price":"55000.00","totalSeats":%d}]}
        """
            .formatted(name, SEATS);
    URI uri = system.ingress().url().resolve("/api/v1/events");
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(uri)
                  .header("Authorization", "Bearer " + tokens.issue("admin", "ADMIN"))
                  .header("Content-Type", "application/json")
                  .POST(HttpRequest.BodyPublishers.ofString(body))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 201) {
        throw new IOException(response.statusCode() + " " + response.body());
      }
      return Json.INTERNAL.readTree(response.body()).path("eventId").asLong();
    }
  }

  private static void say(String line) {
    System.out.println("[http] " + line);
  }
}
