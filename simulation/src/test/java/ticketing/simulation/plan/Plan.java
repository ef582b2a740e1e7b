package ticketing.simulation.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Requests and faults of one seed.
///
/// @param events the events on sale, at least two
/// @param maxConcurrentBatches batches that a worker decides concurrently
/// @param elements null: omitted
public record Plan(
    List<EventPlan> events, int maxConcurrentBatches, List<@Nullable Element> elements) {

  /// Time until all processes have started.
  public static final long START_MILLIS = 1_000;

  /// A client with this number of attempts repeats its request without a response, and after one.
  public static final int ATTEMPTS_OF_IMPATIENT_CLIENT = 4;

  /// @param holdMinutes null: bookings are confirmed immediately
  /// @param closesMillis null: the sale does not close during the run
  public record EventPlan(
      int seatsA,
      int seatsB,
      @Nullable Integer holdMinutes,
      @Nullable Integer maxSeatsPerUser,
      @Nullable Long closesMillis,
      boolean numbered,
      boolean waitingList) {

    public int seats(String seatType) {
      return seatType.equals("A") ? seatsA : seatsB;
    }
  }

  /// Request or fault, which can be omitted alone.
  public sealed interface Element permits Book, Join, Leave, FollowUp, ChangePrice, Pause, Fault {
    long atMillis();
  }

  /// @param attempts maximum number of attempts with the same idempotency key; 1: no key
  /// @param firstSeat number of the first seat of its type; null: the best available
  public record Book(
      long atMillis,
      int ingress,
      int user,
      int event,
      String seatType,
      int quantity,
      int attempts,
      @Nullable Integer firstSeat,
      boolean otherwiseBest)
      implements Element {}

  public record Join(
      long atMillis, int ingress, int user, int event, String seatType, int quantity, int attempts)
      implements Element {}

  /// @param join number of the element that joined the waiting list
  public record Leave(long atMillis, int ingress, int join, int attempts) implements Element {}

  /// Change of the prices of an event by an administrator.
  public record ChangePrice(long atMillis, int ingress, int event) implements Element {}

  /// Pause of a sale, or cancellation of an event, by an administrator.
  ///
  /// @param forMillis time until the sale is resumed
  /// @param cancels true: the event is cancelled
  public record Pause(long atMillis, long forMillis, int event, boolean cancels)
      implements Element {}

  /// Confirmation or cancellation of the reservation of a booking or an offer.
  ///
  /// @param confirms false: the reservation is cancelled
  /// @param booking number of the element of the booking, or of the element that joined
  public record FollowUp(long atMillis, boolean confirms, int ingress, int booking, int attempts)
      implements Element {}

  /// @param omitted numbers of the elements that are omitted
  public static Plan of(long seed, Set<Integer> omitted) {
    SplittableRandom random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + 1);
    Plan plan = Theme.next(random).draw(random);
    List<@Nullable Element> kept = new ArrayList<>(plan.elements);
    omitted.forEach(index -> kept.set(index, null));
    return new Plan(plan.events, plan.maxConcurrentBatches, kept);
  }

  public Stream<Fault> faults() {
    return elements.stream().filter(Fault.class::isInstance).map(Fault.class::cast);
  }

  public boolean hasFaultOf(String server) {
    return faults().anyMatch(fault -> fault.kind().isOf(server));
  }

  public boolean hasFault(Fault.Kind kind) {
    return faults().anyMatch(fault -> fault.kind() == kind);
  }

  public boolean isRedriven() {
    return faults().anyMatch(Fault::isRedriven);
  }

  /// Readable elements, one a line.
  public String describe() {
    StringBuilder text = new StringBuilder(events.toString()).append('\n');
    for (int i = 0; i < elements.size(); i++) {
      if (elements.get(i) != null) {
        text.append(i).append(": ").append(elements.get(i)).append('\n');
      }
    }
    return text.toString();
  }
}
