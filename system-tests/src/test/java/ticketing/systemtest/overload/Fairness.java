package ticketing.systemtest.overload;

import java.io.IOException;
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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.domain.TicketIds;
import ticketing.local.system.DemoData;
import ticketing.local.demo.HttpConnection;
import ticketing.local.demo.QueueBaseline;
import ticketing.local.servers.LocalServers;
import ticketing.systemtest.client.LatencyProbe;
import ticketing.systemtest.client.Percentiles;
import ticketing.systemtest.fleet.Fleet;

/// How long the booking of one event waits while everybody wants another one, beside how long it
/// waits when nobody does: through the whole system, and then inside a single worker, whose queue
/// holds next to nothing, so that what is measured is the worker's own doing.
///
/// `mvn -Pfairness -Dseconds=20` runs it and prints what it saw.
final class Fairness {

  /// Longest that 99 of 100 bookings of another event may take during a flood that can be decided.
  private static final Duration BESIDE_A_FLOOD = Duration.ofSeconds(5);

  /// As [#BESIDE_A_FLOOD], from a worker's queue to the decision.
  private static final Duration INSIDE_A_WORKER = Duration.ofSeconds(1);

  /// Beside a flood that cannot be decided and fills the worker: `retry-for` of the [Fleet] and the
  /// transaction that it is in, and as much again for the machine.
  private static final Duration BESIDE_A_STUCK_FLOOD = Duration.ofSeconds(2 * (10 + 8));

  private static final int CLIENTS = 64;
  private static final int MANY = 10_000_000; // seats
  private static final int ROOM = 5_000; // commands that a worker takes in
  private static final int PACKED = 100; // commands of one message of the flood that is decided
  private static final int MESSAGES = 5; // of one call of it
  private static final int WAITING = 5; // messages that it leaves on the queue
  private static final int TEN = 10; // messages of one call of the other, of one command each
  private static final int QUEUED = 200; // most of these that wait before the worker is full
  private static final Duration WARM_UP = Duration.ofSeconds(10);
  private static final Duration END = Duration.ofSeconds(180);
  private static final long PAUSE_MILLIS = 100;
  private static final long LOOK_MILLIS = 2;

  private interface Booking {
    void book(Percentiles times) throws IOException, SQLException, InterruptedException;
  }

  private interface Flood {
    void run(BooleanSupplier going) throws InterruptedException, ExecutionException;
  }

  private final Fleet fleet;
  private final Duration time;
  private final PrintStream out;
  private final List<String> broken = new ArrayList<>();

  /// @param time of each measurement
  Fairness(Fleet fleet, Duration time, PrintStream out) {
    this.fleet = fleet;
    this.time = time;
    this.out = out;
  }

  /// Setting is the system property `fairness.seconds`.
  public static void main(String[] arguments) throws Exception {
    Duration time = Duration.ofSeconds(Long.getLong("fairness.seconds", 20));
    List<String> broken;
    try (Fleet fleet = Fleet.start(Path.of("target", "fairness").toAbsolutePath())) {
      broken = new Fairness(fleet, time, System.out).run();
    }
    System.exit(broken.isEmpty() ? 0 : 1);
  }

  /// @return the bounds that were broken, empty if none
  List<String> run() throws Exception {
    DemoData.SeatType seats = new DemoData.SeatType(LatencyProbe.SEATS, "10.00", MANY, MANY);
    long wanted = fleet.addEvent("Flooded", null, null, seats);
    long other = fleet.addEvent("Other", null, null, seats);

    LatencyProbe probe = new LatencyProbe(fleet, "fair-other", fleet.ingresses().get(1));
    Booking throughAll = times -> probe.book(other, times);
    Flood clients = going -> clients(wanted, going);
    measure(throughAll, clients, WARM_UP);
    compare("whole system", throughAll, clients, BESIDE_A_FLOOD);
    fleet.system().removeWorker();
    try (SqsClient sqs = QueueBaseline.client(fleet.servers());
        Connection connection = fleet.servers().connect()) {
      Booking direct = times -> direct(sqs, connection, other, times);
      compare("one worker", direct, going -> messages(sqs, wanted, going), INSIDE_A_WORKER);
      stuck(sqs, wanted, direct);
    }
    broken.forEach(one -> say("BROKEN: " + one));
    return List.copyOf(broken);
  }

  private void compare(String what, Booking booking, Flood flood, Duration bound) throws Exception {
    awaitEmpty();
    Percentiles alone = measure(booking, going -> {}, time);
    long decided = decided();
    Percentiles beside = measure(booking, flood, time);
    double rate = (decided() - decided) * 1e3 / time.toMillis();
    say("%s, alone: %s".formatted(what, alone));
    say("%s, beside a flood of which %,.0f a second are decided: %s".formatted(what, rate, beside));
    say(
        "%s: p50 x %.1f, p99 x %.1f, bound of p99 %,d ms"
            .formatted(
                what,
                (double) beside.percentile(50) / alone.percentile(50),
                (double) beside.percentile(99) / alone.percentile(99),
                bound.toMillis()));
    if (beside.count() == 0 || beside.percentile(99) > bound.toMillis()) {
      broken.add(what + ": " + beside);
    }
  }

  /// One booking after the other, for that long, while the flood runs.
  private Percentiles measure(Booking booking, Flood flood, Duration time) throws Exception {
    Percentiles times = new Percentiles();
    long end = System.nanoTime() + time.toNanos();
    BooleanSupplier going = () -> System.nanoTime() < end;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> flooding =
          threads.submit(
              () -> {
                flood.run(going);
                return null;
              });
      while (going.getAsBoolean()) {
        booking.book(times);
        TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
      }
      flooding.get();
    }
    return times;
  }

  /// Each sends its next request when it has an answer.
  private void clients(long event, BooleanSupplier going)
      throws InterruptedException, ExecutionException {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int number = 0; number < CLIENTS; number++) {
        String headers = "Authorization: Bearer " + fleet.token("fair-" + number) + "\r\n";
        URI ingress = fleet.ingresses().get(number % 2);
        all.add(
            threads.submit(
                () -> {
                  try (HttpConnection connection = new HttpConnection(ingress)) {
                    while (going.getAsBoolean()) {
                      connection.send(
                          "POST", "/api/v1/reservations", headers, LatencyProbe.booking(event));
                    }
                  }
                  return null;
                }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    }
  }

  /// As many as the worker can take, while hardly any of them wait before it.
  private void messages(SqsClient sqs, long event, BooleanSupplier going)
      throws InterruptedException {
    while (going.getAsBoolean()) {
      if (fleet.servers().queue().waiting(LocalServers.QUEUE) < WAITING) {
        send(sqs, event, MESSAGES, PACKED);
      } else {
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
      }
    }
  }

  private void send(SqsClient sqs, long event, int messages, int packed) {
    List<SendMessageBatchRequestEntry> entries =
        IntStream.range(0, messages)
            .mapToObj(
                number ->
                    SendMessageBatchRequestEntry.builder()
                        .id(String.valueOf(number))
                        .messageGroupId(String.valueOf(event))
                        .messageBody(
                            CommandCodec.encode(
                                IntStream.range(0, packed).mapToObj(i -> command(event)).toList()))
                        .build())
            .toList();
    sqs.sendMessageBatch(request -> request.queueUrl(fleet.servers().queueUrl()).entries(entries));
  }

  private static Command command(long event) {
    return new Command.BookSeats(
        TicketIds.newId(), "fair", event, LatencyProbe.SEATS, 1, Instant.now());
  }

  /// From the queue to the row of the decision.
  private void direct(SqsClient sqs, Connection connection, long event, Percentiles times)
      throws SQLException, InterruptedException {
    Command command = command(event);
    long since = System.nanoTime();
    sqs.sendMessage(
        request ->
            request
                .queueUrl(fleet.servers().queueUrl())
                .messageGroupId(String.valueOf(event))
                .messageBody(CommandCodec.encode(command)));
    try (PreparedStatement look =
        connection.prepareStatement("SELECT 1 FROM tickets WHERE id = ?")) {
      look.setString(1, command.ticketId().toString());
      while (System.nanoTime() - since < END.toNanos()) {
        try (var rows = look.executeQuery()) {
          if (rows.next()) {
            times.noteSince(since);
            return;
          }
        }
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
      }
    }
    broken.add("no decision within " + END.toSeconds() + " s");
  }

  /// The worker is full of an event whose row somebody holds.
  private void stuck(SqsClient sqs, long event, Booking booking) throws Exception {
    awaitEmpty();
    Percentiles times = new Percentiles();
    try (Connection holder = fleet.servers().connect()) {
      holder.setAutoCommit(false);
      try (var statement = holder.createStatement()) {
        statement.executeQuery("SELECT id FROM events WHERE id = " + event + " FOR UPDATE").close();
      }
      while (inHand() < ROOM - TEN) {
        for (int calls = 0; calls < TEN; calls++) {
          if (fleet.servers().queue().waiting(LocalServers.QUEUE) < QUEUED) {
            send(sqs, event, TEN, 1);
          }
        }
      }
      say("the worker has %,.0f in hand".formatted(inHand()));
      booking.book(times);
      holder.rollback();
    }
    say(
        "one worker, full of an event that cannot be decided: %,d ms, bound %,d ms"
            .formatted(times.percentile(100), BESIDE_A_STUCK_FLOOD.toMillis()));
    if (times.percentile(100) > BESIDE_A_STUCK_FLOOD.toMillis()) {
      broken.add("beside a stuck flood: " + times);
    }
    awaitEmpty();
  }

  private double inHand() {
    return fleet.workersMetric("ticketing_in_flight_messages");
  }

  private void awaitEmpty() throws InterruptedException {
    long end = System.nanoTime() + END.toNanos();
    while (fleet.servers().queue().backlog(LocalServers.QUEUE) > 0) {
      if (System.nanoTime() > end) {
        broken.add("the backlog is still there after " + END.toSeconds() + " s");
        return;
      }
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    }
  }

  private long decided() throws SQLException {
    return fleet.number("SELECT COUNT(*) FROM tickets");
  }

  private void say(String line) {
    out.println("[fairness] " + line);
  }
}
