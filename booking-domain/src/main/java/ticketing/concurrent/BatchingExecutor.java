package ticketing.concurrent;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/// Does for many at once what costs about the same for one: while one round trip is under way, what
/// comes in gathers for the next. So a lone item goes at once, and a flood goes in big groups.
///
/// How much may gather is bounded by whoever submits. An item whose future has been completed or
/// cancelled before its turn is left out.
public final class BatchingExecutor<T, R> {

  /// One round trip.
  @FunctionalInterface
  public interface RoundTrip<T, R> {
    /// @return as many results as items, in their order
    List<R> make(List<T> items);
  }

  private record Waiting<T, R>(T item, CompletableFuture<R> result) {}

  private final String name;
  private final int most;
  private final int atOnce;
  private final RoundTrip<T, R> roundTrip;
  private final Queue<Waiting<T, R>> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicInteger underWay = new AtomicInteger();

  /// @param name of the threads
  /// @param most items in one round trip
  /// @param atOnce most round trips at a time
  public BatchingExecutor(String name, int most, int atOnce, RoundTrip<T, R> roundTrip) {
    this.name = name;
    this.most = most;
    this.atOnce = atOnce;
    this.roundTrip = roundTrip;
  }

  /// The item's result; if the round trip throws, its exception.
  public CompletableFuture<R> submit(T item) {
    CompletableFuture<R> result = new CompletableFuture<>();
    waiting.add(new Waiting<>(item, result));
    begin();
    return result;
  }

  private void begin() {
    int now = underWay.get();
    while (now < atOnce) {
      if (underWay.compareAndSet(now, now + 1)) {
        Thread.ofVirtual().name(name).start(this::run);
        return;
      }
      now = underWay.get();
    }
  }

  private void run() {
    List<Waiting<T, R>> group = next();
    while (!group.isEmpty()) {
      make(group);
      group = next();
    }
    underWay.decrementAndGet();
    if (!waiting.isEmpty()) {
      // It came after the last look and before the count: its submitter saw this one still at work.
      begin();
    }
  }

  private List<Waiting<T, R>> next() {
    List<Waiting<T, R>> group = new ArrayList<>();
    while (group.size() < most) {
      Waiting<T, R> one = waiting.poll();
      if (one == null) {
        return group;
      }
      if (!one.result().isDone()) {
        group.add(one);
      }
    }
    return group;
  }

  private void make(List<Waiting<T, R>> group) {
    try {
      List<R> results = roundTrip.make(group.stream().map(Waiting::item).toList());
      for (int i = 0; i < group.size(); i++) {
        group.get(i).result().complete(results.get(i));
      }
    } catch (RuntimeException | Error e) {
      group.forEach(one -> one.result().completeExceptionally(e));
    }
  }
}
