package ticketing.systemtest.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.sqs.SqsClient;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.domain.Json;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.local.demo.QueueBaseline;
import ticketing.local.servers.LocalServers;
import ticketing.local.servers.ServerSettings;
import ticketing.local.system.LocalSystem;
import ticketing.systemtest.fleet.LauncherProcess;
import ticketing.systemtest.fleet.Signals;

/// The launcher of `mvn -Prun` in a child JVM, with all its processes.
class LauncherTest {

  private static final Path TARGET = Path.of("target", "launcher-test").toAbsolutePath();
  private static final Pattern WEB_SOCKET = Pattern.compile("-c (\\S+) -H \"([^:]+): ([^\"]+)\"");

  // Otherwise each launcher makes its own caches.
  @BeforeAll
  static void makeCaches() {
    LocalSystem.makeCaches();
  }

  @Test
  void printedCommandsWorkAndDataSurvivesAStop() throws Exception {
    Path data = TARGET.resolve("data-" + System.nanoTime());
    Ticket booked;
    int available;
    List<ProcessHandle> all;
    try (LauncherProcess first =
        LauncherProcess.start(
            Map.of("data", data.toString(), "workers", "2"), TARGET.resolve("1.txt"))) {
      first.awaitStartupMessage();
      all = first.awaitProcesses(2);
      assertThat(first.printed()).contains("buyer@ticketing.local", "admin@ticketing.local");

      booked = book(first);
      assertThat(booked.status()).isEqualTo(TicketStatus.CONFIRMED);
      assertThat(booked.quantity()).isEqualTo(2);
      String token = shell(first.line("TOKEN=") + "\necho $TOKEN");
      assertThat(ticket(frame(first.line("npx"), token, booked))).isEqualTo(booked);
      available = available(first);

      Signals.send("TERM", first.launcher().pid());
      assertThat(first.awaitEnd()).isZero();
      LauncherProcess.awaitAllEnded(all);
      assertThat(first.printed()).endsWith("Stopped.\n");
    }
    UUID queued = queueCommandWhileStopped(data);
    try (LauncherProcess second =
        LauncherProcess.start(Map.of("data", data.toString()), TARGET.resolve("2.txt"))) {
      second.awaitStartupMessage();
      all = second.awaitProcesses(1);
      assertThat(poll(second, booked.ticketId())).isEqualTo(booked);
      assertThat(poll(second, queued).status()).isEqualTo(TicketStatus.CONFIRMED);
      assertThat(available(second)).isEqualTo(available - 1);

      ProcessHandle worker = second.descendants("booking-worker").getFirst();
      worker.destroyForcibly();
      assertThat(second.awaitEnd()).isEqualTo(1);
      LauncherProcess.awaitAllEnded(all);
      assertThat(second.printed())
          .contains(
              "booking-worker (pid " + worker.pid() + ") ended unexpectedly with exit code 137",
              "Last lines of " + data.resolve("booking-worker.log"),
              "  | ");
    }
  }

  @Test
  void killedLauncherLeavesNoProcesses() throws IOException {
    try (LauncherProcess launched =
        LauncherProcess.start(in("killed"), TARGET.resolve("killed.txt"))) {
      List<ProcessHandle> all = launched.awaitProcesses(1);
      launched.launcher().destroyForcibly();
      LauncherProcess.awaitAllEnded(all);
    }
  }

  @Test
  void killedParentLeavesNoProcesses() throws IOException {
    try (LauncherProcess launched =
        LauncherProcess.start(in("orphan"), TARGET.resolve("orphan.txt"))) {
      List<ProcessHandle> all = launched.awaitProcesses(1);
      launched.parent().destroyForcibly();
      LauncherProcess.awaitAllEnded(all);
    }
  }

  @Test
  void interruptStopsAllProcesses() throws IOException {
    assumeThat(Signals.ignoresInterrupts())
        .as("SIGINT is ignored here, as in the background of a shell")
        .isFalse();
    try (LauncherProcess launched =
        LauncherProcess.start(in("interrupt"), TARGET.resolve("interrupt.txt"))) {
      List<ProcessHandle> all = launched.awaitProcesses(1);
      Signals.send("INT", launched.launcher().pid());
      assertThat(launched.awaitEnd()).isZero();
      LauncherProcess.awaitAllEnded(all);
      assertThat(launched.printed()).endsWith("Stopped.\n").doesNotContain("Exception");
    }
  }

  @Test
  void startErrorIsOneSentence() throws IOException {
    try (ServerSocket busy = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      String port = Integer.toString(busy.getLocalPort());
      assertThat(failure(Map.of("ingress.port", port)))
          .isEqualTo(
              "Port %s is in use. Stop the process that uses it, or choose another port with"
                      .formatted(port)
                  + " -Dticketing.ingress.port=...");
    }
    Path file = TARGET.resolve("a-file");
    Files.createDirectories(TARGET);
    Files.writeString(file, "not a folder");
    assertThat(failure(Map.of("data", file.toString())))
        .isEqualTo(
            "Cannot write to the folder %1$s: %1$s exists and is not a folder".formatted(file));
    assertThat(failure(Map.of("workers", "many")))
        .isEqualTo("-Dticketing.workers=many must be a number from 1 to 8, or a range such as 1-4");
    assertThat(failure(Map.of("ingress.port", "18080", "notifier.port", "18080")))
        .isEqualTo(
            "Port 18080 is configured twice, by -Dticketing.ingress.port and"
                + " -Dticketing.notifier.port");
  }

  @Test
  void missingJdkIsNamedByMaven() throws Exception {
    Path maven = Path.of(System.getProperty("maven.home"), "bin", "mvn");
    Process process =
        new ProcessBuilder(
                maven.toString(),
                "-B",
                "-o",
                "-N",
                "validate",
                "-Dtoolchain.jdk.discover=false",
                "-Dtoolchain.jdk.mode=Never")
            .directory(Path.of("..").toFile())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isNotZero();
    assertThat(output)
        .containsPattern("\\[ERROR] .*needs a JDK 25: install one, e.g. from https://adoptium.net");
  }

  /// Queues a booking of one seat of event 1 for the demo buyer.
  private static UUID queueCommandWhileStopped(Path data) {
    Command.BookSeats command =
        new Command.BookSeats(UUID.randomUUID(), "buyer", 1, "R", 1, Instant.now());
    // A separate process, because ElasticMQ releases its file only at the end of the process.
    ServerSettings settings = ServerSettings.in(data).withPersistence(true).withSeparateQueue();
    try (LocalServers servers = LocalServers.start(settings);
        SqsClient sqs = QueueBaseline.client(servers)) {
      sqs.sendMessage(call ->
          call.queueUrl(servers.queueUrl())
              .messageBody(CommandCodec.encode(command))
              .messageGroupId("1"));
    }
    return command.ticketId();
  }

  /// Runs the printed commands until the booking is decided. A busy machine may refuse the first
  /// attempt.
  private static Ticket book(LauncherProcess launched) {
    return decided(launched, launched.line("TICKET="));
  }

  private static int available(LauncherProcess launched) throws Exception {
    String event =
        launched.line("TOKEN=").replaceFirst(".*(127\\.0\\.0\\.1:\\S+)/auth.*", "$1/events/1");
    return Json.INTERNAL.readTree(shell("curl -s " + event)).path("availableSeats").asInt();
  }

  private static Ticket poll(LauncherProcess launched, UUID ticketId) {
    return decided(
        launched,
        launched.line("TICKET=").replaceFirst("^TICKET=.*?\\); ", "TICKET=" + ticketId + "; "));
  }

  private static Ticket decided(LauncherProcess launched, String line) {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(60))
        .ignoreExceptions()
        .until(
            () -> ticket(shell(launched.line("TOKEN=") + "\n" + line)),
            ticket -> ticket.status() != null && ticket.status().isFinal());
  }

  private static Map<String, String> in(String folder) {
    return Map.of("data", TARGET.resolve(folder).toString());
  }

  /// @return output of a launcher that ends with exit code 1
  private static String failure(Map<String, String> settings) throws IOException {
    try (LauncherProcess launched =
        LauncherProcess.start(settings, TARGET.resolve("failure.txt"))) {
      assertThat(launched.awaitEnd()).isEqualTo(1);
      return launched
          .printed()
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("[ticketing]"))
          .reduce((first, second) -> first + "\n" + second)
          .orElse("");
    }
  }

  private static String shell(String lines) throws IOException, InterruptedException {
    Process process = new ProcessBuilder("bash", "-c", lines).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output.strip();
  }

  /// @return first frame at the URL and with the header of the printed command
  private static String frame(String line, String token, Ticket ticket) throws Exception {
    Matcher printed = WEB_SOCKET.matcher(line);
    assertThat(printed.find()).as(line).isTrue();
    CompletableFuture<String> frame = new CompletableFuture<>();
    try (HttpClient client = HttpClient.newHttpClient()) {
      client
          .newWebSocketBuilder()
          .header(printed.group(2), printed.group(3).replace("$TOKEN", token))
          .buildAsync(
              URI.create(printed.group(1).replace("$TICKET", ticket.ticketId().toString())),
              new WebSocket.Listener() {
                @Override
                public CompletionStage<?> onText(
                    WebSocket socket, CharSequence data, boolean last) {
                  frame.complete(data.toString());
                  return null;
                }
              })
          .get(20, TimeUnit.SECONDS);
      String text = frame.get(20, TimeUnit.SECONDS);
      client.shutdownNow();
      return text;
    }
  }

  private static Ticket ticket(String json) {
    return Json.INTERNAL.readValue(json, Ticket.class);
  }
}
