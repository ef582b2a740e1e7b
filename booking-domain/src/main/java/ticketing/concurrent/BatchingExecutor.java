package ticketing.concurrent;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/// Executes items in batches, for operations with nearly the same cost for one item and for many.
/// Items submitted while all operations are in progress form the next batch, so a single item is
/// executed without delay.
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

  private final String threadName;
  private final int maxBatchSize;
  private final int maxConcurrency;
  private final BatchOperation<T, R> operation;
  private final Queue<Submission<T, R>> submissions = new ConcurrentLinkedQueue<>();
  private final AtomicInteger activeThreads = new AtomicInteger();

  /// @param maxBatchSize maximum number of items in one batch
  /// @param maxConcurrency maximum number of batches in progress
  public BatchingExecutor(
      String threadName, int maxBatchSize, int maxConcurrency, BatchOperation<T, R> operation) {
    this.threadName = threadName;
    this.maxBatchSize = maxBatchSize;
    this.maxConcurrency = maxConcurrency;
    this.operation = operation;
  }

  /// Returns the future result of the item. It fails with the exception of the batch.
  public CompletableFuture<R> submit(T item) {
    CompletableFuture<R> result = new CompletableFuture<>();
    submissions.add(new Submission<>(item, result));
    startThreadIfPermitted();
    return result;
  }

  private void startThreadIfPermitted() {
    int active = activeThreads.get();
    while (active < maxConcurrency) {
      if (activeThreads.compareAndSet(active, active + 1)) {
        Thread.ofVirtual().name(threadName).start(this::executeBatches);
        return;
      }
      active = activeThreads.get();
    }
  }

  private void executeBatches() {
    List<Submission<T, R>> batch = nextBatch();
    while (!batch.isEmpty()) {
      execute(batch);
      batch = nextBatch();
    }
    activeThreads.decrementAndGet();
    if (!submissions.isEmpty()) {
      // An item submitted between the last look-up and the decrement started no thread.
      startThreadIfPermitted();
    }
  }

  private List<Submission<T, R>> nextBatch() {
    List<Submission<T, R>> batch = new ArrayList<>();
    while (batch.size() < maxBatchSize) {
      Submission<T, R> submission = submissions.poll();
      if (submission == null) {
        return batch;
      }
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
