package ticketing.worker.queue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import ticketing.domain.Command;
import ticketing.worker.queue.CommandQueue.ReleaseReason;

/// One receipt of a queue message. It is acknowledged after all its commands are decided and
/// published; otherwise it is released and the queue delivers the message again.
///
/// After its visibility timeout the queue may deliver the message to another worker. An expired
/// delivery is neither decided nor released. Safe for use by several threads.
public final class Delivery {

  /// Maximum number of commands of one delivery that count as in flight.
  public static final int MAX_WEIGHT = 100;

  /// Command with the delivery that it belongs to.
  ///
  /// @param trace `traceparent` of the request; null if it is not sampled
  public record QueuedCommand(Command command, @Nullable String trace, Delivery delivery) {}

  /// Result of the work on one command.
  public enum CommandResult {
    PUBLISHED(null),
    STOPPED(ReleaseReason.STOPPING),
    UNDECIDED(ReleaseReason.UNDECIDED),
    DEFERRED(ReleaseReason.DEFERRED),
    FAILED(ReleaseReason.UNREADABLE),
    /// The visibility timeout of the message expired before the decision.
    EXPIRED(null);

    private final @Nullable ReleaseReason release;

    CommandResult(@Nullable ReleaseReason release) {
      this.release = release;
    }
  }

  private final String messageId;
  private final String receiptHandle;
  private final int receiveCount;
  private final int unreadableCommands;
  private final List<QueuedCommand> commands;
  private final AtomicInteger unfinishedCommands;
  private final AtomicReference<ReleaseReason> releaseReason = new AtomicReference<>();
  private final long receivedAt = System.nanoTime();
  private volatile long expiresAt; // System.nanoTime()
  private volatile boolean expired;
  private volatile boolean dropped;

  /// @param receiveCount number of receipts of the message, including this one
  /// @param traces `traceparent` of each readable command; null if it is not sampled
  /// @param unreadableCommands commands of the message that no version can read.
  /// @param newerCommands commands of the message that a newer version can read.
  /// @param visibilityTimeout time from now until the queue may deliver the message again
  public Delivery(
      String messageId,
      String receiptHandle,
      int receiveCount,
      Map<Command, String> traces,
      int unreadableCommands,
      int newerCommands,
      Duration visibilityTimeout) {
    this.messageId = messageId;
    this.receiptHandle = receiptHandle;
    this.receiveCount = receiveCount;
    this.unreadableCommands = unreadableCommands;
    List<QueuedCommand> readable = new ArrayList<>(traces.size());
    new LinkedHashMap<>(traces)
        .forEach((command, trace) -> readable.add(new QueuedCommand(command, trace, this)));
    this.commands = List.copyOf(readable);
    this.unfinishedCommands = new AtomicInteger(commands.size());
    this.expiresAt = receivedAt + visibilityTimeout.toNanos();
    if (unreadableCommands > 0) {
      addReleaseReason(ReleaseReason.UNREADABLE);
    }
    if (newerCommands > 0) {
      addReleaseReason(ReleaseReason.DEFERRED);
    }
  }

  public String messageId() {
    return messageId;
  }

  String receiptHandle() {
    return receiptHandle;
  }

  public int receiveCount() {
    return receiveCount;
  }

  public int unreadableCommands() {
    return unreadableCommands;
  }

  public List<QueuedCommand> commands() {
    return commands;
  }

  /// Number of commands that count as in flight, 1 to [#MAX_WEIGHT].
  public int weight() {
    return Math.clamp(commands.size(), 1, MAX_WEIGHT);
  }

  /// Time since the receipt.
  public Duration age() {
    return Duration.ofNanos(System.nanoTime() - receivedAt);
  }

  /// Returns true if the queue may have delivered the message to another worker.
  public boolean isExpired() {
    return expired || System.nanoTime() - expiresAt >= 0;
  }

  /// Time until the queue may deliver the message again; negative after it.
  Duration remainingVisibility() {
    return Duration.ofNanos(expiresAt - System.nanoTime());
  }

  /// Records that the queue extended the visibility timeout.
  ///
  /// @param end [System#nanoTime] of its end
  void extendTo(long end) {
    expiresAt = end;
  }

  /// Records that the queue no longer knows this receipt.
  void expire() {
    expired = true;
  }

  /// Records the result of the work on one command.
  ///
  /// @return true if it was the last command of this delivery
  public boolean finishCommand(CommandResult result) {
    if (result == CommandResult.EXPIRED) {
      dropped = true;
      expire();
    } else if (result.release != null) {
      addReleaseReason(result.release);
    }
    return unfinishedCommands.decrementAndGet() == 0;
  }

  private void addReleaseReason(ReleaseReason reason) {
    releaseReason.accumulateAndGet(
        reason, (old, added) -> old == null || added.compareTo(old) < 0 ? added : old);
  }

  /// Returns true if every command of the message is published.
  public boolean isAcknowledgeable() {
    return !dropped && releaseReason.get() == null;
  }

  /// Returns the reason to release the message; empty if every command of it is published.
  public Optional<ReleaseReason> releaseReason() {
    return Optional.ofNullable(releaseReason.get());
  }
}
