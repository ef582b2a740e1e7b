package ticketing.worker.pipeline;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.validation.annotation.Validated;
import ticketing.worker.queue.CommandQueue;
import ticketing.worker.queue.Delivery;

/// Limits of the processing of commands.
///
/// @param maxBatchSize maximum number of commands in one transaction
/// @param maxGroupSize maximum number of events that one transaction decides, each with a small
///   batch; 1: each batch has its own transaction
/// @param smallBatchSize maximum number of commands of a batch in a group
/// @param maxConcurrentBatches maximum number of transactions in progress, each of other events; at
///   most half of them are retries. Fewer than the connections of the pool.
/// @param maxInFlight maximum number of received commands whose messages are not yet deleted
/// @param pollers maximum number of concurrent receive calls, each for ten messages
/// @param pollWait maximum wait of a receive call for its first message; at most 20 s
/// @param maxStalled maximum number of received commands of events whose last batch failed; further
///   ones of these events are left to other workers
/// @param retryFor time for which a batch is retried while the database is unreachable; then its
///   messages are released to other workers
/// @param retryDelay delay of the first retry; doubles up to 1 s
/// @param holdExpiryBatchSize maximum number of holds that expire in one transaction
/// @param holdExpiryMaxDelay maximum time for which an undecided confirmation delays the expiry of
///   holds
/// @param stuckAfter duration of one transaction or one publication after which liveness is off
/// @param stopTimeout time in which a stopping worker finishes the received commands
@Validated
@ConfigurationProperties("ticketing.worker.pipeline")
record PipelineSettings(
    @Min(1) @Max(5000) int maxBatchSize,
    @Min(1) @Max(500) int maxGroupSize,
    @Min(1) @Max(500) int smallBatchSize,
    @Min(1) @Max(1_000) int maxConcurrentBatches,
    @Min(1_000) @Max(1_000_000) int maxInFlight,
    @Min(1) @Max(1_000_000) int maxStalled,
    @Min(1) @Max(100) int pollers,
    @NotNull Duration pollWait,
    @NotNull Duration retryFor,
    @NotNull Duration retryDelay,
    @Min(1) @Max(5000) int holdExpiryBatchSize,
    @NotNull Duration holdExpiryMaxDelay,
    @NotNull Duration stuckAfter,
    @NotNull Duration stopTimeout) {

  PipelineSettings {
    int minInFlight = CommandQueue.MAX_BATCH_SIZE * pollers + Delivery.MAX_WEIGHT;
    if (maxInFlight < minInFlight) {
      throw new IllegalArgumentException(
          "ticketing.worker.pipeline.max-in-flight must be at least "
              + minInFlight
              + " with "
              + pollers
              + " pollers");
    }
  }
}
