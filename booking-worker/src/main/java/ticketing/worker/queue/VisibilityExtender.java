package ticketing.worker.queue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.NestedExceptionUtils;
import ticketing.queue.SqsLimits;

/// Extends the visibility timeout of the deliveries that the worker holds.
///
/// A delivery is extended by its visibility timeout after a third of it has passed, in calls of ten
/// messages. After the maximum hold time it is no longer extended. A delivery whose extension fails
/// expires at its last known end.
final class VisibilityExtender implements AutoCloseable {

  /// Changes the visibility timeout of up to ten messages.
  interface Call {

    /// @return the deliveries that the queue no longer knows; fails if the queue does not answer
    CompletableFuture<List<Delivery>> extend(List<Delivery> deliveries, Duration timeout);
  }

  private static final Logger log = LoggerFactory.getLogger(VisibilityExtender.class);
  private static final int MAX_CONCURRENT_CALLS = 20;
  private static final Duration INTERVAL = Duration.ofMillis(100);
  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(5);

  private final Call call;
  private final Duration maxHold;
  private final Set<Delivery> held = ConcurrentHashMap.newKeySet();
  private final Semaphore added = new Semaphore(0); // at most one permit is needed
  private final Thread thread;
  private volatile Duration timeout = Duration.ofSeconds(30);

  VisibilityExtender(Call call, Duration maxHold, Thread.UncaughtExceptionHandler handler) {
    this.call = call;
    this.maxHold = maxHold;
    this.thread =
        Thread.ofVirtual()
            .name("extend-visibility")
            .uncaughtExceptionHandler(handler)
            .start(this::run);
  }

  /// Adds received deliveries.
  ///
  /// @param visibilityTimeout current timeout of the queue, at least 1 s
  void add(Collection<Delivery> deliveries, Duration visibilityTimeout) {
    timeout = visibilityTimeout;
    held.addAll(deliveries);
    if (!deliveries.isEmpty() && added.availablePermits() == 0) {
      added.release();
    }
  }

  void remove(Collection<Delivery> deliveries) {
    deliveries.forEach(held::remove);
  }

  /// Removes and returns all deliveries.
  List<Delivery> removeAll() {
    List<Delivery> all = List.copyOf(held);
    remove(all);
    return all;
  }

  private void run() {
    try {
      while (true) {
        if (held.isEmpty()) {
          added.acquire(); // an idle worker uses no processor time
        }
        added.drainPermits();
        TimeUnit.NANOSECONDS.sleep(INTERVAL.toNanos());
        extendDue();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void extendDue() {
    Duration extendBelow = timeout.multipliedBy(2).dividedBy(3);
    List<Delivery> due = new ArrayList<>();
    for (Delivery delivery : held) {
      if (delivery.isExpired()) {
        held.remove(delivery);
      } else if (delivery.remainingVisibility().compareTo(extendBelow) < 0
          && delivery.age().compareTo(maxHold) < 0) {
        due.add(delivery);
      }
    }
    int perWave = SqsLimits.MAX_BATCH_SIZE * MAX_CONCURRENT_CALLS;
    for (int from = 0; from < due.size(); from += perWave) {
      if (!extend(due.subList(from, Math.min(from + perWave, due.size())))) {
        return; // The queue does not answer; the next run repeats the others.
      }
    }
  }

  private boolean extend(List<Delivery> deliveries) {
    List<CompletableFuture<Boolean>> calls = new ArrayList<>();
    for (int from = 0; from < deliveries.size(); from += SqsLimits.MAX_BATCH_SIZE) {
      calls.add(
          extendBatch(
              deliveries.subList(
                  from, Math.min(from + SqsLimits.MAX_BATCH_SIZE, deliveries.size()))));
    }
    boolean answered = true;
    for (CompletableFuture<Boolean> one : calls) {
      answered &= one.join();
    }
    return answered;
  }

  private CompletableFuture<Boolean> extendBatch(List<Delivery> batch) {
    Duration extension = timeout;
    long end = System.nanoTime() + extension.toNanos();
    return call.extend(batch, extension)
        .orTimeout(CALL_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
        .handle((unknown, failure) -> {
          if (failure != null) {
            log.warn(
                "cannot extend visibility, count={} cause={}",
                batch.size(),
                NestedExceptionUtils.getMostSpecificCause(failure).getMessage());
            return false;
          }
          for (Delivery delivery : batch) {
            if (unknown.contains(delivery)) {
              delivery.expire();
            } else {
              delivery.extendTo(end);
            }
          }
          return true;
        });
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
