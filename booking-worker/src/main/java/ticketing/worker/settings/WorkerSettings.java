package ticketing.worker.settings;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.validation.annotation.Validated;

/// Every limit of a worker.
///
/// @param queue name of the queue of commands
/// @param deadLetters name of the queue of what could not be processed
/// @param lock whether the Redis lock is taken at all; correctness does not depend on it
/// @param lockWait longest wait for the lock of an event
/// @param lockLease after how long a lock is free again if its holder has died
/// @param groupSize most commands decided in one transaction
/// @param groups most groups decided at the same time, each of another event, and no more than half
///   of them after a try in vain; fewer than the database has connections for this process, or they
///   wait for one with their lock in hand
/// @param inFlight most commands received whose messages are not yet deleted
/// @param pollers most receive calls (of ten messages) at once
/// @param pollWait how long a receive call waits for a first message; at most 20 s
/// @param transactionTimeout longest transaction; shorter than the lease, so that a lock is not
///   lost in the middle of one
/// @param retryFor how long a group is tried again before its messages are left to be redelivered;
///   must end before their visibility timeout does
/// @param retryPause first pause between two tries; doubles up to a second
/// @param unreadablePause before a message that cannot be read is received again; doubles each
///   time, up to 30 s
/// @param stopTimeout how long a stopping worker finishes what it has in hand
/// @param expiryEvery how often holds that are due are looked for
/// @param expiryBatch most holds that expire in one transaction
/// @param deadLettersEvery how often the dead letters are looked at
/// @param withdrawalsKept how long a withdrawn command is remembered; longer than any message
///   lives, its time as a dead letter and one redrive included
/// @param withdrawalsEvery how often older ones are forgotten
/// @param withdrawalsBatch most that are forgotten in one transaction
@Validated
@ConfigurationProperties("ticketing.worker")
public record WorkerSettings(
    @NotBlank String queue,
    @NotBlank String deadLetters,
    boolean lock,
    @NotNull Duration lockWait,
    @NotNull Duration lockLease,
    @Min(1) @Max(5000) int groupSize,
    @Min(1) @Max(1_000) int groups,
    @Min(1_000) @Max(1_000_000) int inFlight,
    @Min(1) @Max(100) int pollers,
    @NotNull Duration pollWait,
    @NotNull Duration transactionTimeout,
    @NotNull Duration retryFor,
    @NotNull Duration retryPause,
    @NotNull Duration unreadablePause,
    @NotNull Duration stopTimeout,
    @NotNull Duration expiryEvery,
    @Min(1) @Max(5000) int expiryBatch,
    @NotNull Duration deadLettersEvery,
    @NotNull Duration withdrawalsKept,
    @NotNull Duration withdrawalsEvery,
    @Min(1) @Max(10_000) int withdrawalsBatch) {

  /// Most commands of one message that count as in flight.
  public static final int MESSAGE = 100;

  public WorkerSettings {
    if (inFlight < 10 * pollers + MESSAGE) {
      throw new IllegalArgumentException(
          "ticketing.worker.in-flight must be at least ten for each poller, and "
              + MESSAGE
              + " more");
    }
  }
}
