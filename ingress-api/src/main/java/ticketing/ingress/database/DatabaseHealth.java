package ticketing.ingress.database;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import ticketing.ingress.command.QueueUrls;
import ticketing.ingress.problem.ProblemDetailAdvice;
import ticketing.ingress.settings.IngressMetrics;
import ticketing.ingress.settings.IngressSettings;
import ticketing.ingress.ticket.TicketRepository;

/// Whether the database can be reached, as of a second ago, so that nobody waits for it in vain.
/// While it cannot, nothing is decided, and what is accepted piles up on the queue: up to a bound.
@Component
public class DatabaseHealth implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(DatabaseHealth.class);

  private static final int EVERY_SECONDS = 1;
  private static final String NO_TICKET = "none";

  private final TicketRepository rows;
  private final SqsAsyncClient sqs;
  private final QueueUrls urls;
  private final IngressSettings.Queue settings;
  private final AtomicInteger sinceCounted = new AtomicInteger();
  private volatile long backlog;
  private volatile boolean away;
  private ScheduledExecutorService clock;

  DatabaseHealth(
      TicketRepository rows,
      SqsAsyncClient sqs,
      QueueUrls urls,
      IngressSettings settings,
      IngressMetrics metrics) {
    this.rows = rows;
    this.sqs = sqs;
    this.urls = urls;
    this.settings = settings.queue();
    metrics.watch(
        "ticketing.database.up",
        null,
        "1 while the database can be reached, 0 while nobody waits for it",
        () -> away ? 0 : 1);
  }

  public boolean away() {
    return away;
  }

  /// Whether one more command may be queued. All instances together may exceed the bound by what
  /// they accept between two counts.
  public boolean admits() {
    return !away || backlog + sinceCounted.incrementAndGet() <= settings.backlogWithoutDatabase();
  }

  private void look() {
    boolean gone = !reachable();
    if (gone) {
      count();
    }
    if (gone != away) {
      log.warn(gone ? "The database is away" : "The database is back");
    }
    away = gone;
  }

  private boolean reachable() {
    try {
      rows.find(List.of(NO_TICKET));
      return true;
    } catch (RuntimeException e) {
      if (!ProblemDetailAdvice.isDatabaseUnavailable(e)) {
        // It answers; and the watch must go on.
        log.error("The database cannot be watched", e);
        return true;
      }
      return false;
    }
  }

  private void count() {
    try {
      Map<QueueAttributeName, String> sizes =
          urls.bookings()
              .thenCompose(
                  url ->
                      sqs.getQueueAttributes(
                          request ->
                              request
                                  .queueUrl(url)
                                  .attributeNames(
                                      QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES,
                                      QueueAttributeName
                                          .APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE)))
              .orTimeout(settings.timeout().toMillis(), TimeUnit.MILLISECONDS)
              .join()
              .attributes();
      backlog = sizes.values().stream().mapToLong(Long::parseLong).sum();
      sinceCounted.set(0);
    } catch (CompletionException e) {
      // The last count stands, and so does what has been accepted since.
      log.debug("The queue cannot be counted", e);
    }
  }

  @Override
  public void start() {
    clock =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofVirtual().name("database-watch").factory());
    clock.scheduleWithFixedDelay(this::look, EVERY_SECONDS, EVERY_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public void stop() {
    clock.shutdownNow();
    clock = null;
  }

  @Override
  public boolean isRunning() {
    return clock != null;
  }
}
