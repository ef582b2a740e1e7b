package ticketing.worker.pipeline;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import ticketing.domain.Command;

/// One receipt of a queue message. It is acknowledged after all its commands are decided and
/// published; otherwise the queue delivers the message again. Safe for use by several threads.
final class Delivery {

  /// Maximum number of commands of one delivery that count as in flight.
  static final int MAX_WEIGHT = 100;

  /// Command with the delivery that it belongs to.
  ///
  /// @param trace `traceparent` of the request; null if it is not sampled
  record QueuedCommand(Command command, @Nullable String trace, Delivery delivery) {}

  private final String messageId;
  private final String receiptHandle;
  private final int receiveCount;
  private final int unreadableCommands;
  private final List<QueuedCommand> commands;
  private final AtomicInteger unfinishedCommands;
  private volatile boolean acknowledgeable;

  /// @param receiveCount number of receipts of the message, including this one
  /// @param traces `traceparent` of each readable command; null if it is not sampled
  /// @param unreadableCommands number of the other commands of the message
  Delivery(
      String messageId,
      String receiptHandle,
      int receiveCount,
      Map<Command, String> traces,
      int unreadableCommands) {
    this.messageId = messageId;
    this.receiptHandle = receiptHandle;
    this.receiveCount = receiveCount;
    this.unreadableCommands = unreadableCommands;
    List<QueuedCommand> readable = new ArrayList<>(traces.size());
    new LinkedHashMap<>(traces)
        .forEach((command, trace) -> readable.add(new QueuedCommand(command, trace, this)));
    this.commands = List.copyOf(readable);
    this.unfinishedCommands = new AtomicInteger(commands.size());
    this.acknowledgeable = unreadableCommands == 0;
  }

  String messageId() {
    return messageId;
  }

  String receiptHandle() {
    return receiptHandle;
  }

  int receiveCount() {
    return receiveCount;
  }

  int unreadableCommands() {
    return unreadableCommands;
  }

  List<QueuedCommand> commands() {
    return commands;
  }

  /// Number of commands that count as in flight, 1 to [#MAX_WEIGHT].
  int weight() {
    return Math.clamp(commands.size(), 1, MAX_WEIGHT);
  }

  /// Records the end of the work on one command.
  ///
  /// @param published false if the command must be delivered again
  /// @return true if it was the last command of this delivery
  boolean finishCommand(boolean published) {
    if (!published) {
      acknowledgeable = false;
    }
    return unfinishedCommands.decrementAndGet() == 0;
  }

  /// Returns true if every command of the message is published.
  boolean isAcknowledgeable() {
    return acknowledgeable;
  }
}
