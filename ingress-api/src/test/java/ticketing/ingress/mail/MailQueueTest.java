package ticketing.ingress.mail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.springframework.dao.QueryTimeoutException;
import ticketing.ingress.problem.ApiException;

class MailQueueTest {

  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final List<Mail> sent = new CopyOnWriteArrayList<>();

  private MailQueue queue(MailTransport transport) {
    MailSettings settings =
        new MailSettings(
            MailSettings.Transport.LOG,
            false,
            "tickets@example.org",
            2,
            1,
            3,
            Duration.ofMillis(1),
            Duration.ofSeconds(1),
            Duration.ofSeconds(20),
            new MailSettings.Smtp("localhost", 25, "", "", MailSettings.Smtp.Security.NONE),
            URI.create(""));
    return new MailQueue(transport, settings, meters);
  }

  private static Mail mail(int number) {
    return new Mail("kim@example.org", "subject " + number, "text", false);
  }

  private double count(String result) {
    return meters.get("ticketing.mails").tag("result", result).counter().count();
  }

  @Test
  void fullQueueRefusesImmediately() throws InterruptedException {
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    MailQueue queue =
        queue(mail -> {
          started.countDown();
          awaitLatch(released);
          sent.add(mail);
        });
    queue.submit(() -> Optional.of(mail(1)));
    assertThat(started.await(30, TimeUnit.SECONDS)).isTrue();
    queue.submit(() -> Optional.of(mail(2)));
    queue.submit(Optional::empty);
    assertThatExceptionOfType(ApiException.class)
        .isThrownBy(() -> queue.submit(() -> Optional.of(mail(4))));
    assertThat(meters.get("ticketing.queued.mails").gauge().value()).isEqualTo(2);
    released.countDown();
    queue.destroy();
    assertThat(sent).as("a shutdown sends the queue").containsExactly(mail(1), mail(2));
    assertThat(count("sent")).isEqualTo(2);
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void temporaryFailuresAreRetried() {
    AtomicInteger attempts = new AtomicInteger();
    AtomicInteger compositions = new AtomicInteger();
    MailQueue queue =
        queue(mail -> {
          if (attempts.incrementAndGet() < 2) {
            throw MailFailure.temporary(new IOException());
          }
          sent.add(mail);
        });
    queue.submit(() -> {
      if (compositions.incrementAndGet() == 1) {
        throw new QueryTimeoutException("the database is unavailable");
      }
      return Optional.of(mail(1));
    });
    await().atMost(LIMIT).until(() -> sent.size() == 1);
    assertThat(attempts).hasValue(2);
    assertThat(compositions).as("one token a mail").hasValue(2);
    queue.destroy();
  }

  @Test
  void attemptsAreBounded() {
    AtomicInteger attempts = new AtomicInteger();
    MailQueue queue =
        queue(mail -> {
          attempts.incrementAndGet();
          throw mail.equals(mail(1))
              ? MailFailure.permanent(new IOException())
              : MailFailure.temporary(new IOException());
        });
    queue.submit(() -> Optional.of(mail(1)));
    await().atMost(LIMIT).until(() -> count("failed") == 1);
    assertThat(attempts).as("a permanent failure").hasValue(1);
    queue.submit(() -> Optional.of(mail(2)));
    await().atMost(LIMIT).until(() -> count("failed") == 2);
    assertThat(attempts).hasValue(4);
    queue.destroy();
  }

  @Test
  void mailInDoubtIsNotSentAgain() {
    AtomicInteger attempts = new AtomicInteger();
    MailQueue queue =
        queue(mail -> {
          attempts.incrementAndGet();
          throw MailFailure.temporary(new IOException("no reply"));
        });
    queue.submitOnce(mail(1));
    queue.destroy();
    assertThat(attempts).hasValue(1);
    assertThat(count("failed")).isEqualTo(1);
  }

  @Test
  void unsentMailIsSentAgain() {
    MailQueue queue =
        queue(mail -> {
          sent.add(mail);
          if (sent.size() == 1) {
            throw MailFailure.unsent(new IOException("no connection"));
          }
        });
    queue.submitOnce(mail(1));
    queue.destroy();
    assertThat(sent).containsExactly(mail(1), mail(1));
  }

  @Test
  void halfOfTheQueueIsForRequests() throws InterruptedException {
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    MailQueue queue =
        queue(mail -> {
          started.countDown();
          awaitLatch(released);
        });
    assertThat(queue.freeForBulk()).isEqualTo(1);
    queue.submit(() -> Optional.of(mail(1)));
    assertThat(started.await(30, TimeUnit.SECONDS)).isTrue();
    queue.submitOnce(mail(2));
    assertThat(queue.freeForBulk()).isZero();
    released.countDown();
    queue.destroy();
  }
}
