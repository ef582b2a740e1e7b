package ticketing.ingress.mail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.springframework.dao.QueryTimeoutException;
import ticketing.ingress.problem.ApiException;

class MailQueueTest {

  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final List<Mail> sent = new CopyOnWriteArrayList<>();

  private MailQueue queue(MailTransport transport) {
    return new MailQueue(transport, BlockedMails.settings(2), meters);
  }

  private static Mail mail(int number) {
    return new Mail("kim@example.org", "subject " + number, "text", false);
  }

  private double count(String result) {
    return count(meters, result);
  }

  private static double count(SimpleMeterRegistry meters, String result) {
    return meters.get("ticketing.mails").tag("result", result).counter().count();
  }

  @Test
  void fullQueueRefusesImmediately() throws InterruptedException {
    BlockedMails mails = new BlockedMails(2);
    MailQueue queue = mails.queue();
    queue.submit(() -> Optional.of(mail(1)));
    assertThat(mails.awaitStart()).isTrue();
    queue.submit(() -> Optional.of(mail(2)));
    queue.submit(Optional::empty);
    assertThatExceptionOfType(ApiException.class)
        .isThrownBy(() -> queue.submit(() -> Optional.of(mail(4))));
    assertThat(mails.meters().get("ticketing.queued.mails").gauge().value()).isEqualTo(2);
    mails.release();
    queue.destroy();
    assertThat(mails.sent()).as("a shutdown sends the queue").containsExactly(mail(1), mail(2));
    assertThat(count(mails.meters(), "sent")).isEqualTo(2);
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
    BlockedMails mails = new BlockedMails(2);
    MailQueue queue = mails.queue();
    assertThat(queue.freeForBulk()).isEqualTo(1);
    queue.submit(() -> Optional.of(mail(1)));
    assertThat(mails.awaitStart()).isTrue();
    queue.submitOnce(mail(2));
    assertThat(queue.freeForBulk()).isZero();
    mails.release();
    queue.destroy();
  }
}
