package ticketing.ingress.deadletter;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Transient;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.Persistable;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;

/// Row of `dead_letters`. Workers insert rows too.
@Entity
@Table(name = "dead_letters")
class DeadLetterEntity implements Persistable<String> {

  @Id private String messageId;
  private String messageGroup;
  private String body;
  private int receiveCount;
  private Instant sentAt;
  private Instant firstSeenAt;
  private Instant redrivenAt;
  private Instant discardedAt;
  @Transient private boolean received;

  protected DeadLetterEntity() {}

  /// The first receive from the dead-letter queue is not counted.
  static DeadLetterEntity of(Message message, Instant now) {
    String received =
        message.attributes().get(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT);
    String sent = message.attributes().get(MessageSystemAttributeName.SENT_TIMESTAMP);
    DeadLetterEntity row = new DeadLetterEntity();
    row.messageId = message.messageId();
    row.messageGroup = message.attributes().get(MessageSystemAttributeName.MESSAGE_GROUP_ID);
    row.body = message.body();
    row.receiveCount = received == null ? 0 : Math.max(0, Integer.parseInt(received) - 1);
    row.sentAt = sent == null ? null : Instant.ofEpochMilli(Long.parseLong(sent));
    row.firstSeenAt = now;
    row.received = true;
    return row;
  }

  @Override
  public String getId() {
    return messageId;
  }

  /// True for a row that was made from a message.
  @Override
  public boolean isNew() {
    return received;
  }

  String messageId() {
    return messageId;
  }

  @Nullable String messageGroup() {
    return messageGroup;
  }

  String body() {
    return body;
  }

  int receiveCount() {
    return receiveCount;
  }

  @Nullable Instant sentAt() {
    return sentAt;
  }

  boolean isDiscarded() {
    return discardedAt != null;
  }
}
