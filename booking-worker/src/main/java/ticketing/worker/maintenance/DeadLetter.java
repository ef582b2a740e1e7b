package ticketing.worker.maintenance;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import ticketing.domain.CommandCodec;
import ticketing.domain.CommandCodec.Decoded;

/// Message of the dead-letter queue.
///
/// @param receiptHandle receipt of the last receive
/// @param receiveCount receives of the message until its arrival in the dead-letter queue, if this
///   is its first receive from there
record DeadLetter(
    String messageId,
    String receiptHandle,
    @Nullable String messageGroup,
    String body,
    List<Decoded> commands,
    int receiveCount,
    @Nullable Instant sentAt) {

  static DeadLetter of(Message message) {
    Map<MessageSystemAttributeName, String> attributes = message.attributes();
    String received = attributes.get(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT);
    String sent = attributes.get(MessageSystemAttributeName.SENT_TIMESTAMP);
    return new DeadLetter(
        message.messageId(),
        message.receiptHandle(),
        attributes.get(MessageSystemAttributeName.MESSAGE_GROUP_ID),
        message.body(),
        CommandCodec.decode(message.body()),
        received == null ? 0 : Math.max(0, Integer.parseInt(received) - 1),
        sent == null ? null : Instant.ofEpochMilli(Long.parseLong(sent)));
  }

  /// Ticket of the first command; null if it cannot be read.
  @Nullable UUID ticketId() {
    return commands.stream()
        .flatMap(decoded ->
            switch (decoded) {
              case Decoded.Readable(var command) -> Stream.of(command.ticketId());
              case Decoded.Unreadable bad -> bad.ticketId().stream();
            })
        .findFirst()
        .orElse(null);
  }

  /// Event of the first command; null if it cannot be read.
  @Nullable Long eventId() {
    return commands.stream()
        .flatMap(decoded ->
            switch (decoded) {
              case Decoded.Readable(var command) -> Stream.of(command.eventId());
              case Decoded.Unreadable _ -> Optional.<Long>empty().stream();
            })
        .findFirst()
        .orElse(null);
  }
}
