package ticketing.worker.queue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import ticketing.queue.SqsLimits;

/// Queue of commands with at-least-once delivery. The queue keeps a received delivery invisible to
/// other receivers until it is acknowledged or released, up to a maximum time. A benchmark replaces
/// SQS by a queue in memory.
public interface CommandQueue {

  /// Maximum number of messages of one receive call.
  int MAX_BATCH_SIZE = SqsLimits.MAX_BATCH_SIZE;

  /// Reason for which a message is released. It determines the delay of the redelivery. The first
  /// of several reasons in this order has priority.
  enum ReleaseReason {
    /// The worker stops. The message is visible without delay.
    STOPPING,
    /// A command is not decided or not published.
    UNDECIDED,
    /// Another worker has to decide a command: it belongs to a newer version, or its event is
    /// blocked and this worker holds too many commands of blocked events.
    DEFERRED,
    /// A command cannot be read or processed. The message becomes a dead letter.
    UNREADABLE
  }

  /// Receives up to [#MAX_BATCH_SIZE] messages.
  ///
  /// @param maxWait maximum wait for the first message, at most 20 s
  /// @throws QueueUnavailableException if the queue does not answer
  List<Delivery> receive(Duration maxWait);

  /// Deletes the messages.
  ///
  /// @return completes after the attempt, also if it failed: the queue then delivers them again
  CompletableFuture<Void> acknowledge(List<Delivery> deliveries);

  /// Requests the redelivery of a message after a delay. The delay grows with its receive count.
  ///
  /// @return completes after the attempt, also if it failed: the queue then delivers the message
  ///   after its visibility timeout
  CompletableFuture<Void> release(Delivery delivery, ReleaseReason reason);

  /// Releases all deliveries that are neither acknowledged nor released, without delay.
  ///
  /// @return completes after the attempt
  CompletableFuture<Void> releaseAll();

  /// The queue does not answer.
  final class QueueUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    QueueUnavailableException(Throwable cause) {
      super("queue unavailable", cause);
    }
  }
}
