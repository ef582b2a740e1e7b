package ticketing.systemtest.chaos;

import java.io.PrintStream;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import ticketing.domain.Action;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.local.system.DemoData;
import ticketing.systemtest.client.AcceptedRequest;
import ticketing.systemtest.client.TestClients;
import ticketing.systemtest.fleet.Fault;
import ticketing.systemtest.fleet.Fleet;
import ticketing.systemtest.oracle.Oracle;

/// Bookings, confirmations, cancellations and expiring holds all the time, and meanwhile one fault
/// after the other, and at last a power cut that hits everything at once; then the [Oracle]. The
/// seed fixes which fault strikes whom in which order, and what the buyers wish for; not, of
/// course, how it interleaves.
///
/// `mvn -Pchaos -Dminutes=30 -Dseed=42` runs it for long and prints what it does.
final class Chaos {

  /// @param strikes least number of faults, however long that takes
  /// @param wholeRounds goes on until every fault has struck every kind of process equally often
  /// @param faultTime how long each fault lasts, except that a killed process comes back sooner
  /// @param calm between two faults, for what was interrupted to be taken up again
  record Plan(
      long seed,
      Duration atLeast,
      int strikes,
      boolean wholeRounds,
      Duration faultTime,
      Duration calm,
      int buyers) {}

  private record Strike(String victim, Fault fault) {}

  private static final String SEATS = "R";
  private static final String REDELIVERIES = "ticketing_redeliveries_total";

  /// For every accepted ticket to end, once everything runs again.
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final int LIMIT = 6; // seats per user and event
  private static final long PAUSE_MILLIS = 150; // of a buyer between two wishes

  private final Fleet fleet;
  private final Plan plan;
  private final PrintStream out;
  private final TestClients crowd;
  private final List<Long> events = new ArrayList<>();
  private final Map<String, Integer> strikes = new TreeMap<>();
  private long redelivered;
  private volatile boolean stopping;

  Chaos(Fleet fleet, Plan plan, PrintStream out) {
    this.fleet = fleet;
    this.plan = plan;
    this.out = out;
    this.crowd = new TestClients(fleet);
  }

  /// Settings are the system properties `chaos.minutes`, `chaos.seed` and `chaos.whole`.
  public static void main(String[] arguments) throws Exception {
    long minutes = Long.getLong("chaos.minutes", 30);
    long seed = Long.getLong("chaos.seed", System.nanoTime());
    boolean whole = !System.getProperty("chaos.whole", "true").equals("false");
    List<String> broken;
    try (Fleet fleet = Fleet.start(Path.of("target", "chaos").toAbsolutePath())) {
      Plan plan =
          new Plan(
              seed,
              Duration.ofMinutes(minutes),
              0,
              whole,
              Duration.ofSeconds(15),
              Duration.ofSeconds(10),
              24);
      broken = new Chaos(fleet, plan, System.out).run();
    }
    System.exit(broken.isEmpty() ? 0 : 1);
  }

  /// @return what is broken, empty if nothing
  List<String> run() throws InterruptedException, SQLException, ExecutionException {
    say("seed %d, at least %d s".formatted(plan.seed(), plan.atLeast().toSeconds()));
    for (Integer holdMinutes : new Integer[] {null, 0, 1}) {
      events.add(
          fleet.addEvent(
              "Chaos " + holdMinutes,
              LIMIT,
              holdMinutes,
              new DemoData.SeatType(SEATS, "10.00", 60, 60)));
    }
    List<String> broken;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> buyers = new ArrayList<>();
      for (int number = 0; number < plan.buyers(); number++) {
        Buyer buyer = new Buyer(number);
        buyers.add(threads.submit(buyer::live));
      }
      try {
        strike();
        say("KILL everything at once");
        redelivered += (long) fleet.workersMetric(REDELIVERIES);
        fleet.restartAll();
      } finally {
        stopping = true;
      }
      for (Future<?> buyer : buyers) {
        buyer.get();
      }
      say("all is whole again; judging");
      broken = new Oracle(fleet, crowd, PATIENCE).judge();
    } finally {
      crowd.close();
    }
    report(broken);
    return broken;
  }

  /// One fault after the other, in an order that comes round to each pair of victim and fault.
  private void strike() throws InterruptedException {
    Random random = new Random(plan.seed());
    long end = System.nanoTime() + plan.atLeast().toNanos();
    List<Strike> todo = new ArrayList<>();
    for (int struck = 0;
        System.nanoTime() < end || struck < plan.strikes() || plan.wholeRounds() && !todo.isEmpty();
        struck++) {
      if (todo.isEmpty()) {
        todo = all(random);
      }
      Strike next = todo.removeLast();
      say(next.fault() + " " + next.victim());
      strikes.merge(next.fault() + " " + kind(next.victim()), 1, Integer::sum);
      redelivered += redeliveriesForgottenBy(next);
      next.fault().strike(fleet, next.victim());
      if (next.fault() != Fault.KILL) {
        TimeUnit.MILLISECONDS.sleep(plan.faultTime().toMillis());
      }
      next.fault().heal(fleet, next.victim());
      TimeUnit.MILLISECONDS.sleep(plan.calm().toMillis());
    }
  }

  /// A worker that is killed takes its count with it.
  private long redeliveriesForgottenBy(Strike next) {
    boolean forgets = next.fault() == Fault.KILL && kind(next.victim()).equals(Fleet.worker(1));
    return forgets ? (long) fleet.application(next.victim()).metric(REDELIVERIES) : 0;
  }

  private static List<Strike> all(Random random) {
    List<Strike> all = new ArrayList<>();
    for (Fault fault : Fault.values()) {
      for (String server : Fleet.SERVERS) {
        all.add(new Strike(server, fault));
      }
      all.add(new Strike(Fleet.INGRESSES.get(random.nextInt(2)), fault));
      all.add(new Strike(Fleet.NOTIFIERS.get(random.nextInt(2)), fault));
      all.add(new Strike(Fleet.worker(1 + random.nextInt(2)), fault));
    }
    Collections.shuffle(all, random);
    return all;
  }

  private static String kind(String victim) {
    return victim.replaceFirst("-\\d$", "");
  }

  /// Books, and confirms or cancels what it got.
  private final class Buyer {
    private final Random random;
    private final String user;
    private final Queue<AcceptedRequest> mine = new ConcurrentLinkedQueue<>();
    private final AtomicInteger keys = new AtomicInteger();

    Buyer(int number) {
      this.random = new Random(plan.seed() * 31 + number);
      this.user = "chaos-" + number;
    }

    Void live() throws InterruptedException {
      while (!stopping) {
        AcceptedRequest claim = mine.poll();
        Ticket end = claim == null ? null : claim.end();
        if (claim != null && end == null) {
          mine.add(claim);
          crowd.poll(claim, 0);
        }
        if (end != null && end.action() == Action.BOOK && end.status() != TicketStatus.REJECTED) {
          follow(end);
        } else {
          book();
        }
        TimeUnit.MILLISECONDS.sleep(random.nextLong(2 * PAUSE_MILLIS));
      }
      return null;
    }

    private void book() throws InterruptedException {
      long event = events.get(random.nextInt(events.size()));
      keep(crowd.book(user, event, SEATS, 1 + random.nextInt(3), key()));
    }

    /// Most seats come back, so that there is always something to sell.
    private void follow(Ticket booked) throws InterruptedException {
      if (booked.status() == TicketStatus.HELD && random.nextBoolean()) {
        keep(crowd.confirm(user, booked.reservationId(), key()));
      }
      if (random.nextInt(10) < 8) {
        keep(crowd.cancel(user, booked.reservationId(), key()));
      }
    }

    private void keep(Optional<AcceptedRequest> claim) {
      claim.ifPresent(mine::add);
    }

    private String key() {
      return "chaos-" + plan.seed() + "-" + events.getFirst() + "-" + keys.incrementAndGet();
    }
  }

  private void report(List<String> broken) throws SQLException {
    Map<String, Long> ends = new TreeMap<>();
    for (AcceptedRequest claim : crowd.claims()) {
      Ticket end = claim.end();
      String what =
          end == null
              ? "no end"
              : end.action()
                  + " "
                  + end.status()
                  + (end.reason() == null ? "" : " " + end.reason());
      ends.merge(what, 1L, Long::sum);
    }
    say("strikes: " + strikes);
    say("%,d accepted: %s".formatted(crowd.claims().size(), ends));
    say(
        "holds expired: "
            + fleet.number("SELECT COUNT(*) FROM reservations WHERE status = 'EXPIRED'"));
    say(
        "messages delivered again: %,d"
            .formatted(redelivered + (long) fleet.workersMetric(REDELIVERIES)));
    say("refused at the door: " + crowd.refusals());
    say(
        "requests repeated %,d, given up %,d; polls that did not know an accepted ticket %,d"
            .formatted(crowd.repeated(), crowd.unanswered(), crowd.lostFromSight()));
    broken.forEach(one -> say("BROKEN: " + one));
    say(broken.isEmpty() ? "every guarantee held" : broken.size() + " guarantees broken");
    say("again: mvn -Pchaos -Dseed=" + plan.seed());
  }

  private void say(String line) {
    out.println("[chaos %s] %s".formatted(LocalTime.now().truncatedTo(ChronoUnit.SECONDS), line));
  }
}
