package ticketing.systemtest.chaos;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import ticketing.client.BookingRequest;
import ticketing.client.Ticket;
import ticketing.domain.Json;
import ticketing.domain.seatmap.SeatMap;
import ticketing.local.system.DemoData;
import ticketing.local.system.LocalSystem;
import ticketing.systemtest.client.AcceptedRequest;
import ticketing.systemtest.client.TestClients;
import ticketing.systemtest.fleet.Fault;
import ticketing.systemtest.fleet.Fleet;
import ticketing.systemtest.oracle.Oracle;

/// Fault injection under load. Buyers book, confirm and cancel, join and leave waiting lists, and
/// holds and offers expire, while one fault follows another. Two of the events have numbered seats.
/// At the end all processes are killed and started again, and the [Oracle] checks the guarantees.
/// The seed determines the order of the faults and the actions of the buyers, but not their
/// interleaving.
///
/// `mvn -Pchaos -Dminutes=30 -Dseed=42` runs it, prints the faults and the results, and writes them
/// to `target/chaos/chaos.log` and `target/chaos/chaos.md`.
final class Chaos {

  /// @param minTime shortest time of the faults.
  /// @param minFaults smallest number of faults, without a limit of time.
  /// @param minAccepted smallest number of accepted requests.
  /// @param wholeRounds true: continues until each fault has hit each kind of process equally
  ///   often.
  /// @param faultTime duration of each fault. A killed process starts again immediately.
  /// @param pause time between two faults.
  /// @param buyers number of buyers; the events have seats for a part of them.
  /// @param firstFaults faults of one server, ahead of the random ones.
  record Plan(
      long seed,
      Duration minTime,
      int minFaults,
      int minAccepted,
      boolean wholeRounds,
      Duration faultTime,
      Duration pause,
      int buyers,
      List<Fault> firstFaults) {}

  private record Injection(String target, Fault fault) {}

  private static final String SEAT_TYPE = "R";
  private static final String REDELIVERIES_METRIC = "ticketing_redeliveries_total";

  /// Limit from the last fault to the decision of each ticket.
  private static final Duration DECISION_TIMEOUT = Duration.ofSeconds(60);

  private static final int MAX_SEATS_PER_USER = 6;
  private static final long MEAN_BUYER_PAUSE = 150; // ms

  /// The number of seats follows from the number of such groups.
  private static final int BUYERS_PER_GROUP = 24;

  private static final int EVENT_SEATS_PER_GROUP = 60;
  private static final int HALL_ROWS_PER_GROUP = 2;
  private static final int SEATS_OF_ROW = 6;
  private static final int HALL_AISLE = 4; // place after the aisle
  private static final int OWNED_SEATS = 6; // for each first owner

  private final Fleet fleet;
  private final Plan plan;
  private final List<PrintStream> outputs;
  private final TestClients clients;
  private final int groups;
  private final List<Long> events = new ArrayList<>();

  /// Events with numbered seats and a waiting list.
  private final List<Long> halls = new ArrayList<>();

  private final Map<String, Integer> injections = new TreeMap<>();
  private long redeliveries;
  private volatile boolean stopping;

  Chaos(Fleet fleet, Plan plan, List<PrintStream> outputs) {
    this.fleet = fleet;
    this.plan = plan;
    this.outputs = outputs;
    this.clients = new TestClients(fleet);
    this.groups = Math.ceilDiv(plan.buyers(), BUYERS_PER_GROUP);
  }

  /// Settings are the system properties `chaos.minutes`, `chaos.requests`, `chaos.buyers`,
  /// `chaos.seed` and `chaos.whole`.
  public static void main(String[] arguments) throws Exception {
    Plan plan =
        new Plan(
            Long.getLong("chaos.seed", System.nanoTime()),
            Duration.ofMinutes(Long.getLong("chaos.minutes", 30)),
            0,
            Integer.getInteger("chaos.requests", 0),
            !System.getProperty("chaos.whole", "true").equals("false"),
            Duration.ofSeconds(15),
            Duration.ofSeconds(10),
            Integer.getInteger("chaos.buyers", BUYERS_PER_GROUP),
            List.of());
    Path folder = Path.of("target", "chaos").toAbsolutePath();
    // A restart takes seconds in place of a minute.
    LocalSystem.makeCaches();
    Path logFile = folder.resolve("chaos.log");
    ChaosSummary summary;
    try (Fleet fleet = Fleet.start(folder);
        PrintStream log = new PrintStream(logFile.toFile(), UTF_8)) {
      summary = new Chaos(fleet, plan, List.of(System.out, log)).run();
    }
    Files.writeString(folder.resolve("chaos.md"), summary.page(logFile));
    System.exit(summary.violations().isEmpty() ? 0 : 1);
  }

  /// Runs the plan, then checks the guarantees.
  ChaosSummary run() throws InterruptedException, SQLException, ExecutionException {
    long start = System.nanoTime();
    print("seed %d, at least %d s".formatted(plan.seed(), plan.minTime().toSeconds()));
    addEvents();
    print("faults that this machine lacks: " + missingFaults());
    List<AcceptedRequest> owned = fillHalls();
    List<String> violations;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> buyers = new ArrayList<>();
      for (int number = 0; number < plan.buyers(); number++) {
        Buyer buyer = new Buyer(number);
        buyers.add(threads.submit(buyer::run));
      }
      try {
        injectFaults();
        cancelOwned(owned, threads);
        print("KILL all processes");
        redeliveries += (long) fleet.workersMetric(REDELIVERIES_METRIC);
        fleet.restartAll();
      } finally {
        stopping = true;
      }
      for (Future<?> buyer : buyers) {
        buyer.get();
      }
      print("all processes run; checking the guarantees");
      violations = new ArrayList<>(new Oracle(fleet, clients, DECISION_TIMEOUT).check());
      if (countOffers() == 0) {
        violations.add("no waiting party got an offer, so the run proves no offer");
      }
      if (clients.unknownTickets() > 0) {
        violations.add("%d polls of accepted tickets got 404".formatted(clients.unknownTickets()));
      }
    } finally {
      clients.close();
    }
    ChaosSummary summary = summary(Duration.ofNanos(System.nanoTime() - start), violations);
    violations.forEach(violation -> print("VIOLATED: " + violation));
    summary.lines().forEach(this::print);
    return summary;
  }

  private void addEvents() throws SQLException {
    int seats = EVENT_SEATS_PER_GROUP * groups;
    for (Integer holdMinutes : new Integer[] {null, 0, 1}) {
      events.add(
          fleet.addEvent(
              "Chaos " + holdMinutes,
              MAX_SEATS_PER_USER,
              holdMinutes,
              new DemoData.SeatType(SEAT_TYPE, "10.00", seats, seats)));
    }
    int hallSeats = rowsOfHall() * SEATS_OF_ROW;
    for (Integer holdMinutes : new Integer[] {null, 1}) {
      // An offer of 0 minutes expires immediately, so also a short run has expired offers.
      int offerMinutes = holdMinutes == null ? 0 : holdMinutes;
      halls.add(
          fleet.addHall(
              "Chaos hall " + holdMinutes,
              hall(),
              MAX_SEATS_PER_USER,
              holdMinutes,
              offerMinutes,
              new DemoData.SeatType(SEAT_TYPE, "10.00", hallSeats, hallSeats)));
    }
  }

  private int rowsOfHall() {
    return HALL_ROWS_PER_GROUP * groups;
  }

  private List<Fault> missingFaults() {
    return Stream.of(Fault.values()).filter(fault -> !fault.isAvailable(fleet)).toList();
  }

  /// Rows with an aisle, too small for all buyers.
  private SeatMap hall() {
    StringBuilder rows = new StringBuilder();
    int rank = 0;
    for (int row = 1; row <= rowsOfHall(); row++) {
      StringBuilder seats = new StringBuilder();
      for (int place = 1; place <= SEATS_OF_ROW; place++) {
        seats.append(place == 1 ? "" : place == HALL_AISLE ? ",null," : ",");
        seats.append(
            """
            {"id":"%s","seatType":"%s","rank":%d,"x":%d,"y":%d}\
            """
                .formatted(seatId(row, place), SEAT_TYPE, ++rank, place, row));
      }
      rows.append(row == 1 ? "" : ",");
      rows.append("{\"row\":\"%d\",\"seats\":[%s]}".formatted(row, seats));
    }
    String json = "{\"sections\":[{\"section\":\"A\",\"rows\":[%s]}]}".formatted(rows);
    return SeatMap.ofValid(Json.INTERNAL.readTree(json), List.of(SEAT_TYPE));
  }

  /// Sells all numbered seats and lets a party wait for each hall, so that a run always has offers.
  ///
  /// @return bookings of the first owners
  private List<AcceptedRequest> fillHalls() throws InterruptedException {
    List<AcceptedRequest> owned = new ArrayList<>();
    for (long hall : halls) {
      for (int owner = 0; owner < rowsOfHall() * SEATS_OF_ROW / OWNED_SEATS; owner++) {
        String user = "chaos-owner-" + owner;
        AcceptedRequest request =
            clients.book(user, hall, SEAT_TYPE, OWNED_SEATS, "own-" + hall).orElseThrow();
        Ticket ticket = clients.await(request, DECISION_TIMEOUT);
        if (!ticket.hasSeats()) {
          throw new IllegalStateException("owner without seats: " + ticket);
        }
        owned.add(request);
      }
      clients.joinWaitingList("chaos-waiting", hall, SEAT_TYPE, 2, "wait-" + hall).orElseThrow();
    }
    return owned;
  }

  /// Frees seats directly ahead of the kill, so that processes are killed while they make offers.
  private void cancelOwned(List<AcceptedRequest> owned, ExecutorService threads)
      throws InterruptedException, ExecutionException {
    List<Future<?>> cancels = new ArrayList<>();
    for (AcceptedRequest request : owned) {
      long reservationId = request.finalTicket().reservationId();
      cancels.add(
          threads.submit(
              () -> clients.cancel(request.userId(), reservationId, "disown-" + reservationId)));
    }
    for (Future<?> cancel : cancels) {
      cancel.get();
    }
  }

  private static String seatId(int row, int place) {
    return row + "-" + place;
  }

  private long countOffers() throws SQLException {
    return hallRows("SELECT COUNT(*) FROM reservations WHERE offer AND event_id IN (%s)");
  }

  private long hallRows(String query) throws SQLException {
    return fleet.number(
        query.formatted(halls.stream().map(String::valueOf).collect(Collectors.joining(","))));
  }

  /// Injects one fault at a time, in a random order of all pairs of target and fault.
  private void injectFaults() throws InterruptedException {
    Random random = new Random(plan.seed());
    long end = System.nanoTime() + plan.minTime().toNanos();
    List<Injection> remaining =
        new ArrayList<>(
            plan.firstFaults().reversed().stream()
                .map(fault -> new Injection(fault.server().orElseThrow(), fault))
                .toList());
    for (int count = 0;
        System.nanoTime() < end
            || count < plan.minFaults()
            || clients.requests().size() < plan.minAccepted()
            || plan.wholeRounds() && !remaining.isEmpty();
        count++) {
      if (remaining.isEmpty()) {
        remaining = shuffled(random);
      }
      Injection next = remaining.removeLast();
      print(
          "%s %s, %,d accepted".formatted(next.fault(), next.target(), clients.requests().size()));
      injections.merge(next.fault() + " " + kind(next.target()), 1, Integer::sum);
      redeliveries += redeliveriesLostBy(next);
      next.fault().inject(fleet, next.target());
      if (next.fault() != Fault.KILL) {
        TimeUnit.MILLISECONDS.sleep(plan.faultTime().toMillis());
      }
      next.fault().heal(fleet, next.target());
      TimeUnit.MILLISECONDS.sleep(plan.pause().toMillis());
    }
  }

  /// A killed worker loses its counter.
  private long redeliveriesLostBy(Injection next) {
    boolean losesCounter =
        next.fault() == Fault.KILL && kind(next.target()).equals(Fleet.worker(1));
    return losesCounter ? (long) fleet.application(next.target()).metric(REDELIVERIES_METRIC) : 0;
  }

  private List<Injection> shuffled(Random random) {
    List<String> targets = new ArrayList<>(Fleet.SERVERS);
    for (List<String> pair : List.of(Fleet.INGRESSES, Fleet.NOTIFIERS, Fleet.WORKERS)) {
      targets.add(pair.get(random.nextInt(pair.size())));
    }
    List<Injection> all = new ArrayList<>();
    for (Fault fault : Fault.values()) {
      if (fault.isAvailable(fleet)) {
        targets.stream()
            .filter(fault::strikes)
            .forEach(target -> all.add(new Injection(target, fault)));
      }
    }
    Collections.shuffle(all, random);
    return all;
  }

  private static String kind(String target) {
    return target.replaceFirst("-\\d$", "");
  }

  /// A buyer who books and then confirms or cancels.
  private final class Buyer {
    private final Random random;
    private final String user;
    private final Queue<AcceptedRequest> requests = new ConcurrentLinkedQueue<>();
    private final AtomicInteger keys = new AtomicInteger();

    Buyer(int number) {
      this.random = new Random(plan.seed() * 31 + number);
      this.user = "chaos-" + number;
    }

    Void run() throws InterruptedException {
      while (!stopping) {
        AcceptedRequest request = requests.poll();
        Ticket ticket = request == null ? null : request.finalTicket();
        if (request != null && ticket == null) {
          requests.add(request);
          pollOrBook(request);
        } else if (ticket != null && ticket.action().equals("BOOK") && ticket.hasSeats()) {
          confirmOrCancel(ticket.reservationId(), ticket.status() == Ticket.Status.HELD);
        } else if (ticket != null && ticket.status() == Ticket.Status.JOINED) {
          leaveSometimes(ticket.entryId());
        } else if (ticket != null && "SOLD_OUT".equals(ticket.reason()) && isHall(ticket)) {
          join(ticket.eventId());
        } else if (random.nextInt(5) < 3) {
          book();
        } else {
          actInHall();
        }
        TimeUnit.MILLISECONDS.sleep(random.nextLong(2 * MEAN_BUYER_PAUSE));
      }
      return null;
    }

    /// Most decisions arrive as frames. Some bookings do not wait for an earlier decision, so that
    /// requests are also accepted while no worker decides.
    private void pollOrBook(AcceptedRequest undecided) throws InterruptedException {
      switch (random.nextInt(8)) {
        case 0 -> clients.poll(undecided, Duration.ZERO);
        case 1 -> book();
        default -> {}
      }
    }

    private void book() throws InterruptedException {
      long event = events.get(random.nextInt(events.size()));
      keep(clients.book(user, event, SEAT_TYPE, 1 + random.nextInt(3), key()));
    }

    /// Books numbered seats, joins the waiting list, or decides on an offer.
    private void actInHall() throws InterruptedException {
      long hall = halls.get(random.nextInt(halls.size()));
      switch (random.nextInt(4)) {
        case 0 -> join(hall);
        case 1 -> bookNeighbours(hall);
        case 2 -> keep(clients.book(user, hall, SEAT_TYPE, 1 + random.nextInt(3), key()));
        default -> decideOnOffers();
      }
    }

    private void bookNeighbours(long hall) throws InterruptedException {
      int row = 1 + random.nextInt(rowsOfHall());
      int place = 1 + random.nextInt(SEATS_OF_ROW - 1);
      List<String> seats = List.of(seatId(row, place), seatId(row, place + 1));
      String otherwise = random.nextBoolean() ? "BEST" : null;
      keep(
          clients.book(
              user, new BookingRequest(hall, SEAT_TYPE, seats.size(), seats, otherwise), key()));
    }

    private void join(long hall) throws InterruptedException {
      keep(clients.joinWaitingList(user, hall, SEAT_TYPE, 1 + random.nextInt(4), key()));
    }

    private void leaveSometimes(long entryId) throws InterruptedException {
      if (random.nextInt(4) == 0) {
        keep(clients.leaveWaitingList(user, entryId, key()));
      }
    }

    private void decideOnOffers() throws InterruptedException {
      for (long reservationId : clients.findOffers(user)) {
        confirmOrCancel(reservationId, true);
      }
    }

    private boolean isHall(Ticket ticket) {
      return halls.contains(ticket.eventId());
    }

    /// Cancels most bookings, so that seats remain on sale.
    private void confirmOrCancel(long reservationId, boolean held) throws InterruptedException {
      if (held && random.nextBoolean()) {
        keep(clients.confirm(user, reservationId, key()));
      }
      if (random.nextInt(10) < 8) {
        keep(clients.cancel(user, reservationId, key()));
      }
    }

    private void keep(Optional<AcceptedRequest> request) {
      request.ifPresent(requests::add);
    }

    private String key() {
      return "chaos-" + plan.seed() + "-" + events.getFirst() + "-" + keys.incrementAndGet();
    }
  }

  private ChaosSummary summary(Duration time, List<String> violations) throws SQLException {
    SortedMap<String, Long> finalStates = new TreeMap<>();
    for (AcceptedRequest request : clients.requests()) {
      finalStates.merge(finalState(request.finalTicket()), 1L, Long::sum);
    }
    Map<String, Long> counts = new LinkedHashMap<>();
    counts.put(
        "expired holds",
        fleet.number("SELECT COUNT(*) FROM reservations WHERE status = 'EXPIRED'"));
    counts.put(
        "waiting parties", hallRows("SELECT COUNT(*) FROM waiting_entries WHERE event_id IN (%s)"));
    counts.put("offers", countOffers());
    counts.put(
        "messages redelivered", redeliveries + (long) fleet.workersMetric(REDELIVERIES_METRIC));
    counts.put("requests repeated", clients.repeated());
    counts.put("requests without response", clients.unanswered());
    counts.put("polls with 404 for an accepted ticket", clients.unknownTickets());
    clients.refusals().forEach((code, count) -> counts.put("refused " + code, count.sum()));
    return new ChaosSummary(
        command(),
        time,
        new TreeMap<>(injections),
        finalStates,
        counts,
        missingFaults().stream().map(Fault::name).toList(),
        violations);
  }

  private String command() {
    return "mvn -Pchaos -Dseed=%d -Dminutes=%d -Drequests=%d -Dbuyers=%d -Dwhole=%s"
        .formatted(
            plan.seed(),
            plan.minTime().toMinutes(),
            plan.minAccepted(),
            plan.buyers(),
            plan.wholeRounds());
  }

  private static String finalState(Ticket ticket) {
    return ticket == null
        ? "undecided"
        : ticket.action()
            + " "
            + ticket.status()
            + (ticket.reason() == null ? "" : " " + ticket.reason());
  }

  private void print(String line) {
    String text = "[chaos %tT] %s".formatted(LocalTime.now(), line);
    outputs.forEach(output -> output.println(text));
  }
}
