package ticketing.ingress.mail;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;

/// Bounded queue of mails in this process. A request never blocks on the mail system.
///
/// A mail is composed by the thread that sends it. So the response time of a request does not
/// disclose whether the mail has a recipient. A mail is lost if its process ends abnormally or if
/// all attempts fail; the user then requests another one.
@Component
public class MailQueue implements DisposableBean {

  private static final Logger log = LoggerFactory.getLogger(MailQueue.class);
  private static final Duration FULL_RETRY_AFTER = Duration.ofSeconds(10);

  private final MailTransport transport;
  private final MailSettings settings;
  private final ThreadPoolExecutor pool;
  private final Counter sent;
  private final Counter failed;

  MailQueue(MailTransport transport, MailSettings settings, MeterRegistry meters) {
    this.transport = transport;
    this.settings = settings;
    this.pool =
        new ThreadPoolExecutor(
            settings.concurrency(),
            settings.concurrency(),
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(settings.queueSize()),
            Thread.ofVirtual().name("mail-", 0).factory());
    this.sent = counter("sent", meters);
    this.failed = counter("failed", meters);
    Gauge.builder("ticketing.queued.mails", pool, mails -> mails.getQueue().size())
        .description("Mails in the queue of this process")
        .register(meters);
  }

  private static Counter counter(String result, MeterRegistry meters) {
    return Counter.builder("ticketing.mails")
        .description("Mails by result")
        .tag("result", result)
        .register(meters);
  }

  /// Queues a mail.
  ///
  /// @param composition called once or, while the database is unavailable, repeatedly; empty: no
  ///   mail is sent
  /// @throws ApiException `OVERLOADED` if the queue is full
  public void submit(Supplier<Optional<Mail>> composition) {
    try {
      pool.execute(() -> send(composition, false));
    } catch (RejectedExecutionException e) {
      throw ApiException.withRetryAfter(
          ErrorCode.OVERLOADED, "Too many mails are queued.", FULL_RETRY_AFTER);
    }
  }

  /// Returns true if mails reach a mail system or the log of a developer.
  public boolean isDelivering() {
    return settings.transport() != MailSettings.Transport.LOG || settings.logText();
  }

  /// Returns the number of mails that [#submitOnce] may queue now. One half of the queue is for
  /// mails that a user requests.
  public int freeForBulk() {
    return Math.max(0, pool.getQueue().remainingCapacity() - settings.queueSize() / 2);
  }

  /// Queues a mail that is sent at most once. A further attempt follows only a failure after which
  /// the mail system certainly has no copy. A mail is lost if the queue is full.
  public void submitOnce(Mail mail) {
    try {
      pool.execute(() -> send(() -> Optional.of(mail), true));
    } catch (RejectedExecutionException e) {
      failed.increment();
      log.warn("mail is lost, because the queue is full, subject={}", mail.subject());
    }
  }

  /// @param once true: a mail that may have been accepted is not sent again
  private void send(Supplier<Optional<Mail>> composition, boolean once) {
    Optional<Mail> mail = null;
    Duration delay = settings.retryDelay();
    for (int attempt = 1; ; attempt++) {
      try {
        if (mail == null) {
          mail = composition.get();
        }
        if (mail.isPresent()) {
          transport.send(mail.get());
          sent.increment();
        }
        return;
      } catch (MailFailure | DataAccessException | TransactionException e) {
        boolean isLast =
            e instanceof MailFailure failure
                && (failure.isPermanent() || once && !failure.isUnsent());
        if (isLast || attempt == settings.maxAttempts() || !pause(delay)) {
          failed.increment();
          log.warn("cannot send mail, attempts={}, cause={}", attempt, cause(e));
          return;
        }
        log.debug("cannot send mail, retry={}ms, cause={}", delay.toMillis(), cause(e));
        delay = delay.multipliedBy(2);
      } catch (RuntimeException e) {
        failed.increment();
        log.error("cannot send mail", e);
        return;
      }
    }
  }

  private static String cause(RuntimeException e) {
    return e instanceof MailFailure failure ? failure.getMessage() : e.getClass().getSimpleName();
  }

  private static boolean pause(Duration delay) {
    try {
      Thread.sleep(delay);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /// Sends the queued mails within the shutdown timeout.
  @Override
  public void destroy() {
    pool.shutdown();
    try {
      if (!pool.awaitTermination(settings.shutdownTimeout().toMillis(), TimeUnit.MILLISECONDS)) {
        log.warn("mails are lost at the shutdown, count={}", pool.shutdownNow().size());
      }
    } catch (InterruptedException e) {
      pool.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
