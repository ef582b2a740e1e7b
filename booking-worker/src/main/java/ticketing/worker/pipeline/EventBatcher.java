package ticketing.worker.pipeline;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.function.Predicate;

/// Ordered queues of items, one for each event with items. Items added while the previous batch of
/// their event is in progress form the next batch. Unbounded; the caller bounds the number of
/// items. Safe for use by several threads.
final class EventBatcher<T> {

  private record Entry<T>(T item, long number) {}

  private final int maxBatchSize;
  private final Comparator<Entry<T>> order;
  private final Map<Long, NavigableSet<Entry<T>>> queues = new HashMap<>(); // guarded by itself
  private long added; // guarded by queues

  /// @param order order of the items of an event; equal items keep the order of their addition
  EventBatcher(int maxBatchSize, Comparator<? super T> order) {
    this.maxBatchSize = maxBatchSize;
    this.order =
        (a, b) -> {
          int byItem = order.compare(a.item(), b.item());
          return byItem != 0 ? byItem : Long.compare(a.number(), b.number());
        };
  }

  /// Adds an item.
  ///
  /// @return true if the event was idle: the caller must start to take its batches
  boolean add(long eventId, T item) {
    synchronized (queues) {
      NavigableSet<Entry<T>> queue = queues.get(eventId);
      boolean idle = queue == null;
      if (idle) {
        queue = new TreeSet<>(order);
        queues.put(eventId, queue);
      }
      queue.add(new Entry<>(item, added++));
      return idle;
    }
  }

  /// Adds the items of a batch again.
  void restore(long eventId, List<T> batch) {
    batch.forEach(item -> add(eventId, item));
  }

  /// Returns the number of items of an event that are not in a batch yet.
  int size(long eventId) {
    synchronized (queues) {
      NavigableSet<Entry<T>> queue = queues.get(eventId);
      return queue == null ? 0 : queue.size();
    }
  }

  /// Returns the first items of an event, at most `maxBatchSize`, which stay in the queue.
  List<T> first(long eventId) {
    synchronized (queues) {
      return queues.get(eventId).stream().limit(maxBatchSize).map(Entry::item).toList();
    }
  }

  /// Removes and returns the first items of an event while they match, at most `maxBatchSize`;
  /// empty if there are none.
  List<T> nextBatch(long eventId, Predicate<? super T> condition) {
    synchronized (queues) {
      NavigableSet<Entry<T>> queue = queues.get(eventId);
      List<T> batch = new ArrayList<>(Math.min(queue.size(), maxBatchSize));
      while (batch.size() < maxBatchSize
          && !queue.isEmpty()
          && condition.test(queue.first().item())) {
        batch.add(queue.removeFirst().item());
      }
      return batch;
    }
  }

  /// Removes and returns all items of an event, oldest first, unless they are more than the limit;
  /// empty then.
  List<T> smallBatch(long eventId, int limit) {
    synchronized (queues) {
      NavigableSet<Entry<T>> queue = queues.get(eventId);
      return queue.size() > limit ? List.of() : nextBatch(eventId, item -> true);
    }
  }

  /// Marks an event as idle, unless it has items.
  ///
  /// @return true if the event is idle now
  boolean removeIfEmpty(long eventId) {
    synchronized (queues) {
      boolean empty = queues.get(eventId).isEmpty();
      if (empty) {
        queues.remove(eventId);
      }
      return empty;
    }
  }
}
