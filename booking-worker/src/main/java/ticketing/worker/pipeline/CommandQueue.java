package ticketing.worker.pipeline;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import ticketing.queue.SqsLimits;

/// Queue of commands with at-least-once delivery. A benchmark replaces SQS by a queue in memory.
interface CommandQueue {

  /// Maximum number of messages of one call.
  int MAX_BATCH_SIZE = SqsLimits.MAX_BATCH_SIZE;

  /// Receives up to [#MAX_BATCH_SIZE] messages.
  ///
  /// @param maxWait maximum wait for the first message, at most 20 s
  /// @throws QueueUnavailableException if the queue does not answer
  List<Delivery> receive(Duration maxWait);

  /// Deletes the messages.
  ///
  /// @param deliveries up to [#MAX_BATCH_SIZE]
  /// @return completes after the attempt, also if it failed: the queue then delivers them again
  CompletableFuture<Void> acknowledge(List<Delivery> deliveries);

  /// Requests the redelivery of a message after a delay that grows with its receive count.
  void release(Delivery delivery);

  /// The queue does not answer.
  final class QueueUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    QueueUnavailableException(Throwable cause) {
      super("queue unavailable", cause);
    }
  }
}
