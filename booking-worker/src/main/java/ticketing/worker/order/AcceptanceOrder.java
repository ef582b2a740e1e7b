package ticketing.worker.order;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import ticketing.domain.Command;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.StatusStore;
import ticketing.status.StatusStore.LineEntry;
import ticketing.worker.decision.Reservation;

/// Order of acceptance between workers. Each worker decides its own commands in this order, but the
/// queue spreads the commands of an event over all workers.
///
/// The order of two workers matters only while seats are scarce: with seats for all, and after the
/// last one, every order has the same result. A worker with later commands then gives way to the
/// one with the oldest undecided command, which the waiting line in Redis names. It waits without a
/// lock, a transaction or a permit, and for a bounded time. Without Redis, and for commands that
/// the line has lost, the order is that of receipt.
@Component
public class AcceptanceOrder {

  private static final Logger log = LoggerFactory.getLogger(AcceptanceOrder.class);

  /// Entries of the line that a check reads first, and if all of them are of this worker.
  private static final int[] CHECKED_ENTRIES = {8, 128};

  private final StatusStore statusStore;
  private final OrderSettings settings;
  private final OrderMetrics metrics;

  AcceptanceOrder(StatusStore statusStore, OrderSettings settings, OrderMetrics metrics) {
    this.statusStore = statusStore;
    this.settings = settings;
    this.metrics = metrics;
  }

  /// Returns true if earlier commands of other workers may lose seats to these commands: a
  /// requested seat type has seats left, but fewer than [OrderSettings#scarcityFactor] such batches
  /// request; or a command names its seats, for which others may compete.
  ///
  /// @param dueHolds holds whose seats are free ahead of the commands
  public boolean isScarce(
      Optional<EventView> event,
      Collection<Reservation> dueHolds,
      Collection<? extends Command> commands) {
    if (!settings.enabled() || event.isEmpty()) {
      return false;
    }
    Map<String, Integer> left = new HashMap<>();
    for (SeatTypeView type : event.get().seatTypes()) {
      left.put(type.seatType(), type.availableSeats());
    }
    dueHolds.forEach(hold -> left.merge(hold.seatType(), hold.quantity(), Integer::sum));
    Map<String, Integer> requested = new HashMap<>();
    for (Command command : commands) {
      if (command instanceof Command.BookSeats book && left.getOrDefault(book.seatType(), 0) > 0) {
        if (!book.seats().isEmpty()) {
          return true;
        }
        requested.merge(book.seatType(), book.quantity(), Integer::sum);
      }
    }
    return requested.entrySet().stream()
        .anyMatch(
            type -> left.get(type.getKey()) < (long) settings.scarcityFactor() * type.getValue());
  }

  /// Returns the turn of this worker for an event, for use by one thread.
  public Turn turn(long eventId) {
    return new Turn(eventId);
  }

  /// Turn of this worker for the commands of an event.
  public final class Turn {

    private final long eventId;

    /// Commands accepted until this time were waited for already.
    private Instant passedOver = Instant.MIN;

    private Turn(long eventId) {
      this.eventId = eventId;
    }

    /// Blocks until no other worker has commands that are older than the window. The wait ends
    /// early if the oldest of them stays the same, because no worker may have it.
    ///
    /// @param own commands of this worker to be decided, oldest first
    /// @param decided commands of this worker that may still be in the waiting line
    /// @return acceptance time until which commands may be decided; at least one of them, if there
    ///   are any
    public Instant await(Supplier<List<Command>> own, Collection<UUID> decided)
        throws InterruptedException {
      long start = System.nanoTime();
      long changedAt = start;
      Optional<Instant> last = Optional.empty();
      while (true) {
        List<Command> commands = own.get();
        if (commands.isEmpty()) {
          return Instant.MAX;
        }
        Instant newest = commands.getLast().acceptedAt();
        Optional<Instant> oldest = findOldestElsewhere(commands, decided);
        Instant until =
            oldest.map(time -> time.plus(settings.window())).filter(newest::isAfter).orElse(newest);
        long now = System.nanoTime();
        if (!commands.getFirst().acceptedAt().isAfter(until)) {
          metrics.recordInOrder(Duration.ofNanos(now - start));
          return until;
        }
        if (!oldest.equals(last)) {
          last = oldest;
          changedAt = now;
        }
        if (now - changedAt >= settings.maxStall().toNanos()
            || now - start >= settings.maxWait().toNanos()) {
          metrics.recordTimedOut(Duration.ofNanos(now - start));
          log.debug("deciding ahead of earlier commands, event={} until={}", eventId, newest);
          passedOver = newest;
          return newest;
        }
        TimeUnit.NANOSECONDS.sleep(settings.checkInterval().toNanos());
      }
    }

    /// Returns the lowest acceptance time of an undecided command that this worker does not have,
    /// or a lower one.
    private Optional<Instant> findOldestElsewhere(List<Command> own, Collection<UUID> decided) {
      Set<UUID> here =
          own.stream().map(Command::ticketId).collect(Collectors.toCollection(HashSet::new));
      here.addAll(decided);
      try {
        Instant last = passedOver;
        for (int limit : CHECKED_ENTRIES) {
          List<LineEntry> oldest = statusStore.findOldest(eventId, limit);
          Optional<Instant> elsewhere =
              oldest.stream()
                  .filter(entry -> !here.contains(entry.ticketId()))
                  .map(LineEntry::acceptedAt)
                  .filter(passedOver::isBefore)
                  .findFirst();
          if (elsewhere.isPresent() || oldest.size() < limit) {
            return elsewhere;
          }
          last = oldest.getLast().acceptedAt();
        }
        return Optional.of(last).filter(passedOver::isBefore);
      } catch (RedisUnavailableException e) {
        return Optional.empty();
      }
    }
  }
}
