package ticketing.worker.pipeline;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/// Gathers what waits for the same event. While one group of an event is being worked on the next
/// one gathers, so a lone item goes at once and a flood goes in big groups; different events go
/// side by side, a bounded number of them at a time, so that those beyond gather too instead of
/// waiting for a connection with their lock in hand. How much can wait is bounded by whoever
/// submits.
///
/// Work on a group has two halves, and the second half of one group goes beside the first half of
/// the next. Both halves of all groups of an event keep their order.
final class EventBatcher<T> implements AutoCloseable {

  @FunctionalInterface
  interface Work<T> {

    /// Does the first half of the work on a group.
    ///
    /// @param place where it is done; it may be left for a while
    /// @return the second half; neither may throw
    Runnable begin(long eventId, List<T> group, RetryAwareLimiter.Place place);
  }

  private final int groupSize;
  private final RetryAwareLimiter places;
  private final Work<T> work;
  private final Map<Long, ArrayDeque<T>> waiting = new HashMap<>();
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();

  /// @param groupSize most items handed to `work` at a time
  /// @param atOnce most first halves at a time, whoever came first first
  EventBatcher(int groupSize, int atOnce, Work<T> work) {
    this.groupSize = groupSize;
    this.places = new RetryAwareLimiter(atOnce);
    this.work = work;
  }

  void submit(long eventId, T item) {
    synchronized (waiting) {
      ArrayDeque<T> lane = waiting.get(eventId);
      if (lane != null) {
        lane.add(item);
        return;
      }
      lane = new ArrayDeque<>();
      lane.add(item);
      waiting.put(eventId, lane);
    }
    executor.execute(() -> run(eventId));
  }

  private void run(long eventId) {
    try {
      RetryAwareLimiter.Place place = places.new Place();
      Thread before = null;
      for (Runnable rest = begin(eventId, place); rest != null; rest = begin(eventId, place)) {
        if (before != null) {
          before.join();
        }
        before = Thread.ofVirtual().name("rest-of-" + eventId).start(rest);
        if (isEmpty(eventId)) {
          // The lane may end now, and whoever opens it again must find nothing of it at work.
          before.join();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Does the first half of what waits.
  ///
  /// @return the second half; null if nothing waited, and the lane is closed
  private Runnable begin(long eventId, RetryAwareLimiter.Place place) throws InterruptedException {
    place.take();
    try {
      List<T> group = next(eventId);
      return group.isEmpty() ? null : work.begin(eventId, group, place);
    } finally {
      place.leave();
    }
  }

  private boolean isEmpty(long eventId) {
    synchronized (waiting) {
      return waiting.get(eventId).isEmpty();
    }
  }

  private List<T> next(long eventId) {
    synchronized (waiting) {
      ArrayDeque<T> lane = waiting.get(eventId);
      List<T> group = new ArrayList<>(Math.min(lane.size(), groupSize));
      while (group.size() < groupSize && !lane.isEmpty()) {
        group.add(lane.poll());
      }
      if (group.isEmpty()) {
        waiting.remove(eventId);
      }
      return group;
    }
  }

  /// Waits for what is in hand, but not for ever.
  boolean finish(long timeout, TimeUnit unit) throws InterruptedException {
    executor.shutdown();
    return executor.awaitTermination(timeout, unit);
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
