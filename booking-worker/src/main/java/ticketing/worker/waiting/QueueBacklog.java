package ticketing.worker.waiting;

import java.time.Duration;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

/// Number of messages on the queue, visible or not. SQS updates its counts with a delay of about a
/// minute.
@Component
class QueueBacklog {

  private static final Logger log = LoggerFactory.getLogger(QueueBacklog.class);

  private final SqsAsyncClient sqs;
  private final WaitingLineSettings settings;
  private long emptySince; // used by one thread
  private boolean empty; // used by one thread

  QueueBacklog(SqsAsyncClient sqs, WaitingLineSettings settings) {
    this.sqs = sqs;
    this.settings = settings;
  }

  /// Reads the counts. Returns true if every read of this time found no message.
  boolean isEmptyFor(Duration time) {
    boolean emptyNow = isEmpty();
    long now = System.nanoTime();
    if (emptyNow && !empty) {
      emptySince = now;
    }
    empty = emptyNow;
    return empty && now - emptySince >= time.toNanos();
  }

  private boolean isEmpty() {
    try {
      String url =
          sqs.getQueueUrl(request -> request.queueName(settings.queue())).join().queueUrl();
      return sqs
          .getQueueAttributes(request ->
              request
                  .queueUrl(url)
                  .attributeNames(
                      QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES,
                      QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE,
                      QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_DELAYED))
          .join()
          .attributes()
          .values()
          .stream()
          .allMatch("0"::equals);
    } catch (CompletionException e) {
      log.debug("cannot count messages, cause={}", e.getMessage());
      return false;
    }
  }
}
