package ticketing.ingress.mail;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Queue of mails with one thread, which blocks until [#release].
public final class BlockedMails {

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final List<Mail> sent = new CopyOnWriteArrayList<>();
  private final CountDownLatch started = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);
  private final MailQueue queue;

  public BlockedMails(int queueSize) {
    queue = new MailQueue(this::send, settings(queueSize), meters);
  }

  static MailSettings settings(int queueSize) {
    return new MailSettings(
        MailSettings.Transport.LOG,
        false,
        "tickets@example.org",
        queueSize,
        1,
        3,
        Duration.ofMillis(1),
        Duration.ofSeconds(1),
        Duration.ofSeconds(20),
        new MailSettings.Smtp("localhost", 25, "", "", MailSettings.Smtp.Security.NONE),
        URI.create(""));
  }

  private void send(Mail mail) {
    started.countDown();
    try {
      released.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    sent.add(mail);
  }

  public MailQueue queue() {
    return queue;
  }

  SimpleMeterRegistry meters() {
    return meters;
  }

  /// Returns true if the thread blocks with a mail.
  boolean awaitStart() throws InterruptedException {
    return started.await(30, TimeUnit.SECONDS);
  }

  public void release() {
    released.countDown();
  }

  public List<Mail> sent() {
    return sent;
  }
}
