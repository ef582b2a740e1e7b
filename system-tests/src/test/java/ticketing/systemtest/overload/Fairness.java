package ticketing.systemtest.overload;

import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import ticketing.client.ApiConnection;
import ticketing.client.BookingClient;
import ticketing.client.RetryPolicy;
import ticketing.client.Session;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.local.demo.QueueBaseline;
import ticketing.local.servers.LocalServers;
import ticketing.local.system.DemoData;
import ticketing.systemtest.client.LatencyProbe;
import ticketing.systemtest.client.Percentiles;
import ticketing.systemtest.fleet.Fleet;

/// Latency of one event during a flood of another event, compared with the latency without a flood.
/// It is measured through the whole system, and then from the queue to the decision of a single
/// worker. For the worker the queue stays almost empty, so that only the worker causes the latency.
///
/// `mvn -Pfairness -Dseconds=20` runs it and prints the figures.
final class Fairness {

  /// Limit of the 99th percentile through the whole system during a flood.
  private static final Duration MAX_SYSTEM_LATENCY = Duration.ofSeconds(5);

  /// Limit of the 99th percentile from the queue to the decision during a flood.
  private static final Duration MAX_WORKER_LATENCY = Duration.ofSeconds(1);

  /// Limit while the worker is full of an event with a locked row: twice the sum of the worker's
  /// retry time and its transaction timeout.
  private static final Duration MAX_LATENCY_BESIDE_LOCKED_EVENT = Duration.ofSeconds(2 * (10 + 8));

  private static final int CLIENTS = 64;
  private static final int SEATS = 10_000_000;
  private static final int WORKER_CAPACITY = 5_000; // commands
  private static final int COMMANDS_PER_MESSAGE = 100; // flood
  private static final int MESSAGES_PER_SEND = 5; // flood
  private static final int MAX_VISIBLE_FLOOD_MESSAGES = 5;
  private static final int MAX_BATCH_SIZE = 10; // limit of SQS
  private static final int MAX_VISIBLE_MESSAGES = 200;
  private static final Duration WARM_UP = Duration.ofSeconds(10);
  private static final Duration DECISION_TIMEOUT = Duration.ofSeconds(180);
  private static final long BOOKING_PAUSE = 100; // ms
  private static final long POLL_INTERVAL = 2; // ms

  private interface Booking {
    void book(Percentiles times) throws SQLException, InterruptedException;
  }

  private interface Flood {
    void run(BooleanSupplier isRunning) throws InterruptedException, ExecutionException;
  }

  private final Fleet fleet;
  private final Duration time;
  private final PrintStream out;
  private final List<String> violations = new ArrayList<>();

  /// @param time duration of each measurement
  Fairness(Fleet fleet, Duration time, PrintStream out) {
    this.fleet = fleet;
    this.time = time;
    this.out = out;
  }

  /// The system property `fairness.seconds` is the duration of each measurement.
  public static void main(String[] arguments) throws Exception {
    Duration time = Duration.ofSeconds(Long.getLong("fairness.seconds", 20));
    List<String> violations;
    try (Fleet fleet = Fleet.start(Path.of("target", "fairness").toAbsolutePath())) {
      violations = new Fairness(fleet, time, System.out).run();
    }
    System.exit(violations.isEmpty() ? 0 : 1);
  }

  /// @return exceeded limits; empty if there are none
  List<String> run() throws Exception {
    DemoData.SeatType seats = new DemoData.SeatType(LatencyProbe.SEAT_TYPE, "10.00", SEATS, SEATS);
    long flooded = fleet.addEvent("Flooded", null, null, seats);
    long other = fleet.addEvent("Other", null, null, seats);

    LatencyProbe probe = new LatencyProbe(fleet, "fair-other", fleet.ingresses().get(1));
    Booking throughSystem = times -> probe.book(other, times);
    Flood clients = isRunning -> floodBySendingRequests(flooded, isRunning);
    measure(throughSystem, clients, WARM_UP);
    compare("whole system", throughSystem, clients, MAX_SYSTEM_LATENCY);
    fleet.system().removeWorker();
    try (SqsClient sqs = QueueBaseline.client(fleet.servers());
        Connection connection = fleet.servers().connect()) {
      Booking direct = times -> bookInQueue(sqs, connection, other, times);
      compare(
          "one worker",
          direct,
          isRunning -> floodBySendingMessages(sqs, flooded, isRunning),
          MAX_WORKER_LATENCY);
      measureBesideLockedEvent(sqs, flooded, direct);
    }
    violations.forEach(violation -> print("VIOLATED: " + violation));
    return List.copyOf(violations);
  }

  private void compare(String scope, Booking booking, Flood flood, Duration limit)
      throws Exception {
    awaitEmptyQueue();
    Percentiles alone = measure(booking, isRunning -> {}, time);
    long before = decisions();
    Percentiles flooded = measure(booking, flood, time);
    double rate = (decisions() - before) * 1e3 / time.toMillis();
    print("%s, without a flood: %s".formatted(scope, alone));
    print("%s, during a flood with %,.0f decisions per second: %s".formatted(scope, rate, flooded));
    print(
        "%s: p50 x %.1f, p99 x %.1f, limit of p99 %,d ms"
            .formatted(
                scope,
                (double) flooded.percentile(50) / alone.percentile(50),
                (double) flooded.percentile(99) / alone.percentile(99),
                limit.toMillis()));
    if (flooded.count() == 0 || flooded.percentile(99) > limit.toMillis()) {
      violations.add(scope + ": " + flooded);
    }
  }

  /// Books repeatedly while the flood runs.
  private Percentiles measure(Booking booking, Flood flood, Duration time) throws Exception {
    Percentiles times = new Percentiles();
    long end = System.nanoTime() + time.toNanos();
    BooleanSupplier isRunning = () -> System.nanoTime() < end;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> flooding =
          threads.submit(() -> {
            flood.run(isRunning);
            return null;
          });
      while (isRunning.getAsBoolean()) {
        booking.book(times);
        TimeUnit.MILLISECONDS.sleep(BOOKING_PAUSE);
      }
      flooding.get();
    }
    return times;
  }

  /// Each client sends its next request after a response.
  private void floodBySendingRequests(long event, BooleanSupplier isRunning)
      throws InterruptedException, ExecutionException {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int number = 0; number < CLIENTS; number++) {
        Session session = Session.ofToken(fleet.token("fair-" + number));
        URI ingress = fleet.ingresses().get(number % 2);
        all.add(
            threads.submit(() -> {
              try (ApiConnection connection = new ApiConnection(ingress)) {
                BookingClient client = new BookingClient(connection, session, RetryPolicy.NONE);
                while (isRunning.getAsBoolean()) {
                  client.book(LatencyProbe.booking(event), UUID.randomUUID().toString());
                }
              }
              return null;
            }));
      }
      for (Future<?> future : all) {
        future.get();
      }
    }
  }

  /// Sends messages at the rate of the worker, so that few of them are visible.
  private void floodBySendingMessages(SqsClient sqs, long event, BooleanSupplier isRunning)
      throws InterruptedException {
    while (isRunning.getAsBoolean()) {
      if (fleet.servers().queue().visible(LocalServers.QUEUE) < MAX_VISIBLE_FLOOD_MESSAGES) {
        send(sqs, event, MESSAGES_PER_SEND, COMMANDS_PER_MESSAGE);
      } else {
        TimeUnit.MILLISECONDS.sleep(POLL_INTERVAL);
      }
    }
  }

  private void send(SqsClient sqs, long event, int messages, int commandsPerMessage) {
    List<SendMessageBatchRequestEntry> entries =
        IntStream.range(0, messages)
            .mapToObj(number ->
                SendMessageBatchRequestEntry.builder()
                    .id(String.valueOf(number))
                    .messageGroupId(String.valueOf(event))
                    .messageBody(
                        CommandCodec.encode(
                            IntStream.range(0, commandsPerMessage)
                                .mapToObj(i -> command(event))
                                .toList()))
                    .build())
            .toList();
    sqs.sendMessageBatch(request -> request.queueUrl(fleet.servers().queueUrl()).entries(entries));
  }

  private static Command command(long event) {
    return new Command.BookSeats(
        UUID.randomUUID(), "fair", event, LatencyProbe.SEAT_TYPE, 1, Instant.now());
  }

  /// Sends one command to the queue and polls the table for its decision.
  private void bookInQueue(SqsClient sqs, Connection connection, long event, Percentiles times)
      throws SQLException, InterruptedException {
    Command command = command(event);
    long start = System.nanoTime();
    sqs.sendMessage(request ->
        request
            .queueUrl(fleet.servers().queueUrl())
            .messageGroupId(String.valueOf(event))
            .messageBody(CommandCodec.encode(command)));
    try (PreparedStatement query =
        connection.prepareStatement("SELECT 1 FROM tickets WHERE id = ?")) {
      query.setString(1, command.ticketId().toString());
      while (System.nanoTime() - start < DECISION_TIMEOUT.toNanos()) {
        try (var rows = query.executeQuery()) {
          if (rows.next()) {
            times.addSince(start);
            return;
          }
        }
        TimeUnit.MILLISECONDS.sleep(POLL_INTERVAL);
      }
    }
    violations.add("no decision within " + DECISION_TIMEOUT.toSeconds() + " s");
  }

  /// Books while the worker is full of commands of an event with a locked row.
  private void measureBesideLockedEvent(SqsClient sqs, long event, Booking booking)
      throws Exception {
    awaitEmptyQueue();
    Percentiles times = new Percentiles();
    try (Connection lockHolder = fleet.servers().connect()) {
      lockHolder.setAutoCommit(false);
      try (var statement = lockHolder.createStatement()) {
        statement.executeQuery("SELECT id FROM events WHERE id = " + event + " FOR UPDATE").close();
      }
      while (inFlight() < WORKER_CAPACITY - MAX_BATCH_SIZE) {
        for (int calls = 0; calls < MAX_BATCH_SIZE; calls++) {
          if (fleet.servers().queue().visible(LocalServers.QUEUE) < MAX_VISIBLE_MESSAGES) {
            send(sqs, event, MAX_BATCH_SIZE, 1);
          }
        }
      }
      print("commands in flight in the worker: %,.0f".formatted(inFlight()));
      booking.book(times);
      lockHolder.rollback();
    }
    print(
        "one worker, full of an event with a locked row: %,d ms, limit %,d ms"
            .formatted(times.percentile(100), MAX_LATENCY_BESIDE_LOCKED_EVENT.toMillis()));
    if (times.percentile(100) > MAX_LATENCY_BESIDE_LOCKED_EVENT.toMillis()) {
      violations.add("next to an event with a locked row: " + times);
    }
    awaitEmptyQueue();
  }

  private double inFlight() {
    return fleet.workersMetric("ticketing_in_flight_messages");
  }

  private void awaitEmptyQueue() throws InterruptedException {
    long end = System.nanoTime() + DECISION_TIMEOUT.toNanos();
    while (fleet.servers().queue().backlog(LocalServers.QUEUE) > 0) {
      if (System.nanoTime() > end) {
        violations.add("the backlog is not empty after " + DECISION_TIMEOUT.toSeconds() + " s");
        return;
      }
      TimeUnit.MILLISECONDS.sleep(BOOKING_PAUSE);
    }
  }

  private long decisions() throws SQLException {
    return fleet.number("SELECT COUNT(*) FROM tickets");
  }

  private void print(String line) {
    out.println("[fairness] " + line);
  }
}
