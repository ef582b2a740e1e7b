package ticketing.concurrent;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/// Executes items in batches, for operations with nearly the same cost for one item and for many.
/// Items submitted while all operations are in progress form the next batch, so a single item is
/// executed without delay.
///
/// With a linger time, further concurrent operations run for full batches only: while an operation
/// is in progress, items gather until their batch is full, or the operation ends, or for that time.
///
/// The queue is unbounded: the callers must bound the number of submitted items. An item is skipped
/// if its future is completed or cancelled before its batch starts.
public final class BatchingExecutor<T, R> {

  /// Operation on one batch.
  @FunctionalInterface
  public interface BatchOperation<T, R> {

    /// Returns one result for each item, in the order of the items.
    List<R> execute(List<T> items);
  }

  private record Submission<T, R>(T item, CompletableFuture<R> result) {}

  private final ThreadFactory threads;
  private final int maxBatchSize;
  private final int maxConcurrency;
  private final Duration linger;
  private final BatchOperation<T, R> operation;
  private final Queue<Submission<T, R>> submissions = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waiting = new AtomicInteger(); // at least the size of the queue
  private final AtomicInteger activeThreads = new AtomicInteger();
  private final AtomicBoolean lingering = new AtomicBoolean();

  /// Creates an executor without linger time.
  ///
  /// @param maxBatchSize maximum number of items in one batch
  /// @param maxConcurrency maximum number of batches in progress
  public BatchingExecutor(
      String threadName, int maxBatchSize, int maxConcurrency, BatchOperation<T, R> operation) {
    this(threadName, maxBatchSize, maxConcurrency, Duration.ZERO, operation);
  }

  /// @param maxBatchSize maximum number of items in one batch
  /// @param maxConcurrency maximum number of batches in progress
  /// @param linger maximum time for which an item waits for a full batch while another one is in
  ///   progress
  public BatchingExecutor(
      String threadName,
      int maxBatchSize,
      int maxConcurrency,
      Duration linger,
      BatchOperation<T, R> operation) {
    this(
        Thread.ofVirtual().name(threadName).factory(),
        maxBatchSize,
        maxConcurrency,
        linger,
        operation);
  }

  /// @param threads creates the threads of the batches and of the linger times
  BatchingExecutor(
      ThreadFactory threads,
      int maxBatchSize,
      int maxConcurrency,
      Duration linger,
      BatchOperation<T, R> operation) {
    this.threads = threads;
    this.maxBatchSize = maxBatchSize;
    this.maxConcurrency = maxConcurrency;
    this.linger = linger;
    this.operation = operation;
  }

  /// Returns the future result of the item. It fails with the exception of the batch.
  public CompletableFuture<R> submit(T item) {
    CompletableFuture<R> result = new CompletableFuture<>();
    waiting.incrementAndGet();
    submissions.add(new Submission<>(item, result));
    startThreadIfDue();
    return result;
  }

  private void startThreadIfDue() {
    if (mayExecute(activeThreads.get())) {
      startThreadIfPermitted();
    } else if (lingering.compareAndSet(false, true)) {
      threads.newThread(this::endLinger).start();
    }
  }

  /// Returns true if the next batch may be in progress together with this number of others.
  private boolean mayExecute(int others) {
    return others == 0 || linger.isZero() || waiting.get() >= maxBatchSize;
  }

  private void endLinger() {
    try {
      TimeUnit.NANOSECONDS.sleep(linger.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    lingering.set(false);
    if (!submissions.isEmpty()) {
      startThreadIfPermitted();
    }
  }

  private void startThreadIfPermitted() {
    int active = activeThreads.get();
    while (active < maxConcurrency) {
      if (activeThreads.compareAndSet(active, active + 1)) {
        threads.newThread(this::executeBatches).start();
        return;
      }
      active = activeThreads.get();
    }
  }

  private void executeBatches() {
    do {
      List<Submission<T, R>> batch = nextBatch();
      if (batch.isEmpty()) {
        break;
      }
      execute(batch);
    } while (mayExecute(activeThreads.get() - 1));
    activeThreads.decrementAndGet();
    if (!submissions.isEmpty()) {
      // An item submitted between the last look-up and the decrement started no thread.
      startThreadIfDue();
    }
  }

  private List<Submission<T, R>> nextBatch() {
    List<Submission<T, R>> batch = new ArrayList<>();
    while (batch.size() < maxBatchSize) {
      Submission<T, R> submission = submissions.poll();
      if (submission == null) {
        return batch;
      }
      waiting.decrementAndGet();
      if (!submission.result().isDone()) {
        batch.add(submission);
      }
    }
    return batch;
  }

  private void execute(List<Submission<T, R>> batch) {
    try {
      List<R> results = operation.execute(batch.stream().map(Submission::item).toList());
      for (int i = 0; i < batch.size(); i++) {
        batch.get(i).result().complete(results.get(i));
      }
    } catch (RuntimeException | Error e) {
      batch.forEach(submission -> submission.result().completeExceptionally(e));
    }
  }
}
