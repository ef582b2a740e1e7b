package ticketing.ingress.operations;

import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.PageRequest;
import org.springframework.stereotype.Component;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import ticketing.ingress.command.QueueSettings;
import ticketing.ingress.command.QueueUrls;
import ticketing.ingress.command.SqsErrors;
import ticketing.ingress.event.EventRepository;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.StatusStore;

/// Reads the attributes of the queues.
@Component
class QueueAdminService {

  /// Newest events that the age of the oldest command is searched in.
  private static final int MAX_EVENTS = 1_000;

  private final SqsAsyncClient sqs;
  private final QueueUrls urls;
  private final StatusStore statusStore;
  private final EventRepository events;
  private final SaleMeters meters;
  private final Clock clock;
  private final QueueSettings queueSettings;

  QueueAdminService(
      SqsAsyncClient sqs,
      QueueUrls urls,
      StatusStore statusStore,
      EventRepository events,
      SaleMeters meters,
      Clock clock,
      QueueSettings queueSettings) {
    this.sqs = sqs;
    this.urls = urls;
    this.statusStore = statusStore;
    this.events = events;
    this.meters = meters;
    this.clock = clock;
    this.queueSettings = queueSettings;
  }

  /// Counts are approximate, as in SQS.
  ///
  /// @param depth visible messages (backlog)
  /// @param inFlight messages received and not acknowledged
  /// @param oldestAgeSeconds age of the oldest undecided command; null if Redis is unavailable
  /// @param deadLetters messages in the dead-letter queue
  /// @param decidedPerSecond decisions of all workers, mean of about 5 s, updated every 5 s
  record Figures(
      long depth,
      long inFlight,
      @Nullable Long oldestAgeSeconds,
      long deadLetters,
      double decidedPerSecond) {}

  /// @throws ApiException `QUEUE_UNAVAILABLE`
  Figures figures() {
    Map<QueueAttributeName, String> bookings = attributes(urls.bookings());
    Map<QueueAttributeName, String> dead = attributes(urls.deadLetters());
    long depth = count(bookings, QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES);
    long inFlight = count(bookings, QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE);
    return new Figures(
        depth, inFlight, oldestAge(depth + inFlight), total(dead), meters.decisionsPerSecond());
  }

  /// Age from the status store, because SQS reports the age of the oldest message to CloudWatch
  /// only.
  private Long oldestAge(long messages) {
    if (messages == 0) {
      return 0L;
    }
    try {
      return statusStore
          .oldestPending(events.ids(PageRequest.ofSize(MAX_EVENTS)))
          .map(since -> Math.max(0, Duration.between(since, clock.instant()).toSeconds()))
          .orElse(null);
    } catch (RedisUnavailableException e) {
      return null;
    }
  }

  private Map<QueueAttributeName, String> attributes(CompletableFuture<String> url) {
    String queueUrl = await(url);
    return await(
            sqs.getQueueAttributes(request ->
                request
                    .queueUrl(queueUrl)
                    .attributeNames(
                        QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES,
                        QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE)))
        .attributes();
  }

  private static long total(Map<QueueAttributeName, String> attributes) {
    return count(attributes, QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES)
        + count(attributes, QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE);
  }

  private static long count(Map<QueueAttributeName, String> attributes, QueueAttributeName name) {
    return Long.parseLong(attributes.getOrDefault(name, "0"));
  }

  private <T> T await(CompletableFuture<T> call) {
    return SqsErrors.await(call, queueSettings.timeout());
  }
}
