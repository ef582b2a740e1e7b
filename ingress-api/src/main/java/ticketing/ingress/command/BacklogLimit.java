package ticketing.ingress.command;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import ticketing.database.DatabaseHealth;

/// Limit of the queue's backlog while the database is unavailable and no command is decided.
///
/// The queue is counted once a second at most, and only during such an outage. All instances
/// together may exceed the limit by the commands that they accept between two counts.
@Component
class BacklogLimit {

  private static final Logger log = LoggerFactory.getLogger(BacklogLimit.class);

  private static final long COUNT_INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final DatabaseHealth database;
  private final SqsAsyncClient sqs;
  private final QueueUrls urls;
  private final QueueSettings settings;
  private final AtomicLong lastCount = new AtomicLong(System.nanoTime() - COUNT_INTERVAL_NANOS);
  private final AtomicInteger sinceCount = new AtomicInteger();
  private volatile long backlog;

  BacklogLimit(
      DatabaseHealth database, SqsAsyncClient sqs, QueueUrls urls, QueueSettings settings) {
    this.database = database;
    this.sqs = sqs;
    this.urls = urls;
    this.settings = settings;
  }

  /// True if one more command may be queued.
  boolean admits() {
    if (database.isUp()) {
      return true;
    }
    countIfDue();
    return backlog + sinceCount.incrementAndGet() <= settings.maxBacklogWithoutDatabase();
  }

  private void countIfDue() {
    long last = lastCount.get();
    long now = System.nanoTime();
    if (now - last < COUNT_INTERVAL_NANOS || !lastCount.compareAndSet(last, now)) {
      return;
    }
    urls.bookings()
        .thenCompose(url ->
            sqs.getQueueAttributes(request ->
                request
                    .queueUrl(url)
                    .attributeNames(
                        QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES,
                        QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE)))
        .whenComplete((sizes, failure) -> {
          if (failure == null) {
            backlog = sizes.attributes().values().stream().mapToLong(Long::parseLong).sum();
            sinceCount.set(0);
          } else {
            // The last count and the commands accepted since remain in force.
            log.debug("cannot count the queue", failure);
          }
        });
  }
}
