package ticketing.worker.pipeline;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.ToIntFunction;

/// Events without a permit for their next batch, in the order of their arrival. The holder of a
/// permit takes some of them to decide their batches together with its own. Safe for use by several
/// threads.
final class WaitingEvents<R> {

  /// Event without a permit.
  ///
  /// @param last result of its last batch
  /// @param next result of its next batch; the thread that takes the event completes it
  record Waiting<R>(long eventId, R last, CompletableFuture<R> next) {

    Waiting(long eventId, R last) {
      this(eventId, last, new CompletableFuture<>());
    }

    // By identity, because an event can wait again.
    @Override
    public boolean equals(Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return Long.hashCode(eventId);
    }
  }

  private final Set<Waiting<R>> events = new LinkedHashSet<>(); // guarded by this set

  void add(Waiting<R> waiting) {
    synchronized (events) {
      events.add(waiting);
    }
  }

  /// Removes an event that has a permit now.
  ///
  /// @return false if another thread took the event: it completes [Waiting#next]
  boolean remove(Waiting<R> waiting) {
    synchronized (events) {
      return events.remove(waiting);
    }
  }

  /// Removes and returns the first events with small batches.
  ///
  /// @param maxEvents maximum number of events
  /// @param maxItems maximum number of items of all their batches
  /// @param items number of items of the batch of an event
  /// @param small maximum number of items of a small batch; an event without items is not taken
  List<Waiting<R>> take(int maxEvents, int maxItems, ToIntFunction<Waiting<R>> items, int small) {
    List<Waiting<R>> taken = new ArrayList<>();
    int left = maxItems;
    synchronized (events) {
      Iterator<Waiting<R>> all = events.iterator();
      while (taken.size() < maxEvents && left > 0 && all.hasNext()) {
        Waiting<R> waiting = all.next();
        int size = items.applyAsInt(waiting);
        if (size > 0 && size <= Math.min(small, left)) {
          all.remove();
          taken.add(waiting);
          left -= size;
        }
      }
    }
    return taken;
  }
}
