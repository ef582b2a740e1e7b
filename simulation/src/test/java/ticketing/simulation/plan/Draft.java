package ticketing.simulation.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import ticketing.simulation.plan.Plan.Book;
import ticketing.simulation.plan.Plan.Element;
import ticketing.simulation.plan.Plan.EventPlan;
import ticketing.simulation.plan.Plan.FollowUp;
import ticketing.simulation.plan.Plan.Join;
import ticketing.simulation.plan.Plan.Leave;

/// Plan while its elements are drawn. Mutable.
final class Draft {

  /// Time within which most requests are sent.
  static final int REQUESTS_MILLIS = 8_000;

  /// Time from a booking to the end of its hold, less latencies.
  static final int END_OF_HOLDS_MILLIS = 18_000;

  static final int BURST_MILLIS = 30;

  /// Kinds that delay a decision, the most effective one more often.
  static final List<Fault.Kind> DELAYING_KINDS =
      List.of(
          Fault.Kind.QUEUE_DELAY,
          Fault.Kind.QUEUE_DELAY,
          Fault.Kind.QUEUE_DELAY,
          Fault.Kind.QUEUE_SLOW,
          Fault.Kind.WORKER_CRASH,
          Fault.Kind.WORKER_STOP,
          Fault.Kind.EVENT_LOCKED,
          Fault.Kind.DATABASE_SLOW);

  private static final int PROCESSES = 2; // of each kind

  final SplittableRandom random;
  private final List<EventPlan> events;
  private final int maxConcurrentBatches;
  private final List<Element> elements = new ArrayList<>();

  Draft(SplittableRandom random, EventPlan first) {
    this(random, first, event(random));
  }

  Draft(SplittableRandom random, EventPlan first, EventPlan second) {
    this(random, List.of(first, second), 2);
  }

  /// @param maxConcurrentBatches 1: other events than the one that is decided gather commands. A
  ///   locked event delays the others then.
  Draft(SplittableRandom random, List<EventPlan> events, int maxConcurrentBatches) {
    this.random = random;
    this.events = events;
    this.maxConcurrentBatches = maxConcurrentBatches;
  }

  /// Event with random settings.
  static EventPlan event(SplittableRandom random) {
    return new EventPlan(
        random.nextInt(1, 9),
        random.nextInt(1, 5),
        random.nextInt(2) == 0 ? null : 1,
        random.nextInt(3) == 0 ? 4 : null,
        random.nextInt(4) == 0 ? random.nextLong(1_000, REQUESTS_MILLIS) : null,
        random.nextInt(3) == 0,
        random.nextInt(4) == 0);
  }

  Plan plan() {
    return new Plan(events, maxConcurrentBatches, List.copyOf(elements));
  }

  EventPlan event(int number) {
    return events.get(number - 1);
  }

  int countEvents() {
    return events.size();
  }

  int countElements() {
    return elements.size();
  }

  /// Returns true for one in this number of plans.
  boolean oneIn(int number) {
    return random.nextInt(number) == 0;
  }

  int attempts() {
    return random.nextInt(1, Plan.ATTEMPTS_OF_IMPATIENT_CLIENT + 1);
  }

  int process() {
    return random.nextInt(PROCESSES);
  }

  <T> T oneOf(List<T> values) {
    return values.get(random.nextInt(values.size()));
  }

  long atMillis(int element) {
    return elements.get(element).atMillis();
  }

  void add(Element element) {
    elements.add(element);
  }

  /// Booking of random seats. It requests numbered ones in half of the possible cases.
  void book(long atMillis, int user, int event, String seatType, int quantity, int attempts) {
    EventPlan plan = event(event);
    boolean exact = plan.numbered() && quantity <= plan.seats(seatType) && random.nextBoolean();
    @Nullable Integer firstSeat = exact ? (Integer) random.nextInt(plan.seats(seatType)) : null;
    add(
        new Book(
            atMillis,
            process(),
            user,
            event,
            seatType,
            quantity,
            attempts,
            firstSeat,
            exact && oneIn(3)));
  }

  void join(long atMillis, int user, int event, String seatType, int quantity, int attempts) {
    add(new Join(atMillis, process(), user, event, seatType, quantity, attempts));
  }

  /// @param join number of the element that joined
  void leave(long atMillis, int join, int attempts) {
    add(new Leave(atMillis, process(), join, attempts));
  }

  /// @param booking number of the element that booked or joined
  void followUp(int booking, long delayMillis, boolean confirms) {
    add(new FollowUp(atMillis(booking) + delayMillis, confirms, process(), booking, attempts()));
  }

  void fault(Fault.Kind kind, long atMillis, long forMillis, double strength) {
    fault(kind, atMillis, forMillis, process(), strength);
  }

  void fault(Fault.Kind kind, long atMillis, long forMillis, int target, double strength) {
    add(new Fault(kind, Math.max(0, atMillis), forMillis, target, strength));
  }

  /// The clock of a process is wrong from its start. It is measured then.
  void addWrongClock() {
    Fault.Kind kind = random.nextBoolean() ? Fault.Kind.WORKER_CLOCK : Fault.Kind.INGRESS_CLOCK;
    add(new Fault(kind, -Plan.START_MILLIS, 0, process(), strength(0)));
  }

  /// Random strength of a fault.
  double strength(double min) {
    return min + (0.95 - min) * random.nextDouble();
  }
}
