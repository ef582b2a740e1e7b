package ticketing.worker.pipeline;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;

/// FIFO queues of items, one for each event with items. Items added while the previous batch of
/// their event is in progress form the next batch. Unbounded; the caller bounds the number of
/// items. Safe for use by several threads.
final class EventBatcher<T> {

  private final int maxBatchSize;
  private final Map<Long, Queue<T>> queues = new HashMap<>(); // guarded by itself

  EventBatcher(int maxBatchSize) {
    this.maxBatchSize = maxBatchSize;
  }

  /// Adds an item.
  ///
  /// @return true if the event was idle: the caller must start to take its batches
  boolean add(long eventId, T item) {
    synchronized (queues) {
      Queue<T> queue = queues.get(eventId);
      boolean idle = queue == null;
      if (idle) {
        queue = new ArrayDeque<>();
        queues.put(eventId, queue);
      }
      queue.add(item);
      return idle;
    }
  }

  /// Returns the number of items of an event that are not in a batch yet.
  int size(long eventId) {
    synchronized (queues) {
      Queue<T> queue = queues.get(eventId);
      return queue == null ? 0 : queue.size();
    }
  }

  /// Removes and returns the next items of an event, at most `maxBatchSize`; empty if there are
  /// none.
  List<T> nextBatch(long eventId) {
    synchronized (queues) {
      Queue<T> queue = queues.get(eventId);
      List<T> batch = new ArrayList<>(Math.min(queue.size(), maxBatchSize));
      while (batch.size() < maxBatchSize && !queue.isEmpty()) {
        batch.add(queue.remove());
      }
      return batch;
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
