package ticketing.ingress.decisionmail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.icegreen.greenmail.util.GreenMail;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.MimeMessage;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.database.ReplicaReader;
import ticketing.ingress.event.EventCatalog;
import ticketing.ingress.mail.BlockedMails;
import ticketing.ingress.mail.MailQueue;
import ticketing.ingress.mail.SmtpServers;
import tools.jackson.databind.node.ObjectNode;

/// Mails over SMTP about rows that the test inserts like a worker.
class DecisionMailJobTest {

  private static final Instant LATER = Instant.now().plus(Duration.ofDays(1));
  private static final int MAX_MAILS = 20; // in one round

  private static GreenMail server;
  private static IngressFixture ingress;

  private long event;
  private String user;
  private String email;

  @BeforeAll
  static void start() {
    server = SmtpServers.start();
    ingress = IngressFixture.shared().sibling(SmtpServers.settings(server, Map.of()));
  }

  @AfterAll
  static void stop() {
    ingress.close();
    server.stop();
  }

  @BeforeEach
  void createEventAndAccount() {
    event = ingress.newEvent();
    email = UUID.randomUUID() + "@example.org";
    user = signUp(email);
  }

  private static String signUp(String email) {
    String id = signUpUnconfirmed(email);
    ingress.sql().update("update users set email_confirmed_at = now() where id = ?", id);
    return id;
  }

  private static String signUpUnconfirmed(String email) {
    String body = "{\"email\":\"%s\",\"password\":\"correct horse\",\"name\":\"Kim\"}";
    return ingress
        .post("/api/v1/users", null, body.formatted(email))
        .json()
        .get("userId")
        .asString();
  }

  private static DecisionMailJob job(MailQueue queue, int maxMails) {
    return job(ingress.context.getBean(MailCursorRepository.class), queue, maxMails);
  }

  private static DecisionMailJob job(MailCursorRepository cursors, MailQueue queue, int maxMails) {
    // An expired lease permits concurrent rounds.
    return job(cursors, queue, maxMails, Duration.ofSeconds(-1));
  }

  private static DecisionMailJob job(
      MailCursorRepository cursors, MailQueue queue, int maxMails, Duration lease) {
    DecisionMailSettings settings =
        new DecisionMailSettings(
            false,
            Duration.ofSeconds(1),
            maxMails,
            1_000,
            Duration.ofHours(1),
            lease,
            URI.create("https://tickets.example"));
    return new DecisionMailJob(
        cursors,
        ingress.context.getBean(ReplicaReader.class),
        ingress.context.getBean(EventCatalog.class),
        queue,
        settings,
        ingress.context.getBean(Clock.class));
  }

  private static DecisionMailJob job() {
    return job(ingress.context.getBean(MailQueue.class), MAX_MAILS);
  }

  /// Runs rounds until the mails of the event reach its last number.
  private void runAll(DecisionMailJob job) {
    await()
        .until(() -> {
          job.run();
          return isDone();
        });
  }

  private boolean isDone() {
    return ingress
            .sql()
            .queryForList(
                """
                select 1 from events e join decision_mail_cursors c on c.event_id = e.id
                where e.id = ? and c.sequence = e.decision_sequence
                """,
                event)
            .size()
        == 1;
  }

  private static List<String> subjects(String email) {
    return Arrays.stream(server.getReceivedMessages())
        .filter(mail -> recipient(mail).equals(email))
        .map(DecisionMailJobTest::subject)
        .toList();
  }

  private static String recipient(MimeMessage mail) {
    try {
      return mail.getAllRecipients()[0].toString();
    } catch (MessagingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String subject(MimeMessage mail) {
    try {
      return mail.getSubject();
    } catch (MessagingException e) {
      throw new IllegalStateException(e);
    }
  }

  private long nextNumber() {
    ingress
        .sql()
        .update("update events set decision_sequence = decision_sequence + 1 where id = ?", event);
    return ingress
        .sql()
        .queryForObject("select decision_sequence from events where id = ?", Long.class, event);
  }

  private void decide(String action, String decision, Long reservation, Instant at) {
    ingress
        .sql()
        .update(
            """
            insert into tickets (id, action, user_id, event_id, decision, reservation_id,
              accepted_at, decided_at, sequence)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            UUID.randomUUID().toString(),
            action,
            user,
            event,
            decision,
            reservation,
            Timestamp.from(at),
            Timestamp.from(at),
            nextNumber());
  }

  private void book(String owner) {
    decide("BOOK", "CONFIRMED", ingress.reserve(owner, event, "CONFIRMED", null), Instant.now());
  }

  private void expire(long reservation) {
    ingress
        .sql()
        .update(
            "insert into hold_expiries (event_id, sequence, reservation_id, expired_at)"
                + " values (?, ?, ?, ?)",
            event,
            nextNumber(),
            reservation,
            Timestamp.from(Instant.now()));
  }

  private void offer(long reservation) {
    join(user, "OFFERED", reservation);
  }

  private void join(String owner, String status, Long reservation) {
    Long number = reservation == null ? null : nextNumber();
    ingress
        .sql()
        .update(
            """
            insert into waiting_entries (ticket_id, event_id, sequence, seat_type, quantity,
              user_id, price, status, joined_at, ended_at, ended_sequence)
            values (coalesce((select ticket_id from reservations where id = ?), ?), ?,
              (select coalesce(max(w.sequence), 0) + 1 from waiting_entries w where w.event_id = ?),
              'VIP', 2, ?, 10, ?, ?, ?, ?)
            """,
            reservation,
            UUID.randomUUID().toString(),
            event,
            event,
            owner,
            status,
            Timestamp.from(Instant.now()),
            Timestamp.from(Instant.now()),
            number);
  }

  @Test
  void eachDecisionIsMailedOnce() throws Exception {
    decide("BOOK", "CONFIRMED", ingress.reserve(user, event, "CONFIRMED", null), Instant.now());
    decide("BOOK", "HELD", ingress.reserve(user, event, "HELD", LATER), Instant.now());
    decide("BOOK", "REJECTED", null, Instant.now());
    decide("CONFIRM", "CONFIRMED", ingress.reserve(user, event, "CONFIRMED", null), Instant.now());
    decide("CANCEL", "CANCELLED", ingress.reserve(user, event, "CANCELLED", null), Instant.now());
    expire(ingress.reserve(user, event, "EXPIRED", Instant.now()));
    offer(ingress.reserve(user, event, "HELD", LATER));

    runAll(job());
    await().until(() -> subjects(email).size() >= 5);
    runAll(job());

    assertThat(subjects(email))
        .containsExactlyInAnyOrder(
            "Booked: Concert / 예매 완료",
            "Seats held: Concert / 좌석 임시 확보",
            "Booked: Concert / 예매 완료",
            "Seats released: Concert / 좌석 확보 만료",
            "Seats for you: Concert / 대기자 좌석 제안");
    String offered =
        Arrays.stream(server.getReceivedMessages())
            .filter(mail -> recipient(mail).equals(email) && subject(mail).startsWith("Seats for"))
            .findFirst()
            .orElseThrow()
            .getContent()
            .toString();
    assertThat(offered)
        .contains("VIP x 2", "300000.00", "2030-12-24 19:00 (Korean Standard Time / 대한민국 표준시)")
        .contains("https://tickets.example/events/" + event);
  }

  @Test
  void outdatedDecisionGetsNoMail() {
    long hold = ingress.reserve(user, event, "HELD", Instant.now().minusSeconds(1));
    decide("BOOK", "HELD", hold, Instant.now());
    decide("BOOK", "CONFIRMED", ingress.reserve(user, event, "CANCELLED", null), Instant.now());
    Instant old = Instant.now().minus(Duration.ofHours(2));
    decide("BOOK", "CONFIRMED", ingress.reserve(user, event, "CONFIRMED", null), old);
    book("user-without-account");

    runAll(job());
    book(user);
    runAll(job());

    await().until(() -> !subjects(email).isEmpty());
    assertThat(subjects(email)).containsExactly("Booked: Concert / 예매 완료");
  }

  @Test
  void roundSendsAtMostItsBudget() {
    IntStream.range(0, 5).forEach(_ -> book(user));
    MailQueue queue = ingress.context.getBean(MailQueue.class);
    runAll(job(queue, 2));
    await().until(() -> subjects(email).size() == 5);

    IntStream.range(0, 5).forEach(_ -> book(user));
    job(queue, 2).run();

    await().until(() -> subjects(email).size() > 5);
    assertThat(isDone()).isFalse();
    assertThat(subjects(email)).hasSizeLessThanOrEqualTo(7);
  }

  @Test
  void roundFillsTheFreeQueueAtMost() {
    BlockedMails mails = new BlockedMails(4);
    DecisionMailJob job = job(mails.queue(), MAX_MAILS);
    IntStream.range(0, 12).forEach(_ -> book(user));
    job.run();
    mails.release();
    runAll(job);
    mails.queue().destroy();
    assertThat(mails.sent()).filteredOn(mail -> mail.recipient().equals(email)).hasSize(12);
  }

  @Test
  void onlyHolderOfTheLeaseSendsMails() {
    MailCursorRepository cursors = ingress.context.getBean(MailCursorRepository.class);
    MailQueue queue = ingress.context.getBean(MailQueue.class);
    Duration lease = Duration.ofSeconds(30);
    try {
      book(user);
      runAll(job(cursors, queue, MAX_MAILS, lease));
      book(user);
      IntStream.range(0, 3).forEach(_ -> job(cursors, queue, MAX_MAILS, lease).run());
      assertThat(isDone()).isFalse();
    } finally {
      ingress.sql().update("update job_leases set expires_at = '2000-01-01'");
    }
    runAll(job());
    await().until(() -> subjects(email).size() == 2);
  }

  @Test
  void unconfirmedEmailGetsNoMail() {
    String stranger = UUID.randomUUID() + "@example.org";
    book(signUpUnconfirmed(stranger));
    book(user);
    runAll(job());
    ObjectNode moved = (ObjectNode) ingress.get("/api/v1/events/" + event, null).json();
    change(moved.put("venueName", "Arena"));
    runAll(job());

    await().until(() -> subjects(email).size() == 2);
    assertThat(subjects(stranger)).noneMatch(subject -> subject.contains("Concert"));
  }

  @Test
  void brokenEventDelaysNoOtherEvent() {
    for (int i = 0; i < 2; i++) {
      ingress
          .sql()
          .update(
              "insert into event_states (event_id, sequence, state, changed_at)"
                  + " values (?, ?, '[', now())",
              event,
              nextNumber());
    }
    long broken = event;
    try {
      event = ingress.newEvent();
      book(user);
      runAll(job());
      await().until(() -> subjects(email).size() == 1);
    } finally {
      ingress.sql().update("delete from event_states where event_id = ?", broken);
    }
  }

  @Test
  void crashAfterTheClaimLosesItsMails() {
    MailQueue crashed = ingress.context.getAutowireCapableBeanFactory().createBean(MailQueue.class);
    crashed.destroy();
    book(user);
    runAll(job(crashed, MAX_MAILS));

    offer(ingress.reserve(user, event, "HELD", LATER));
    runAll(job());

    await().until(() -> !subjects(email).isEmpty());
    assertThat(subjects(email)).containsExactly("Seats for you: Concert / 대기자 좌석 제안");
  }

  @Test
  void overtakenRoundMailsNoDecisionAgain() {
    book(user);
    runAll(job());
    book(user);
    MailQueue queue = ingress.context.getBean(MailQueue.class);
    AtomicBoolean isOvertaken = new AtomicBoolean();
    MailCursorRepository overtaken =
        aheadOfMove(() -> {
          if (isOvertaken.compareAndSet(false, true)) {
            runAll(job());
          }
        });

    job(overtaken, queue, MAX_MAILS).run();
    assertThat(isOvertaken).isTrue();
    offer(ingress.reserve(user, event, "HELD", LATER));
    runAll(job());

    await().until(() -> subjects(email).stream().anyMatch(s -> s.startsWith("Seats for you")));
    assertThat(subjects(email)).filteredOn(s -> s.startsWith("Booked")).hasSize(2);
  }

  /// Repository that runs an action after the reads of a round, ahead of each move of a cursor.
  private static MailCursorRepository aheadOfMove(Runnable action) {
    MailCursorRepository cursors = ingress.context.getBean(MailCursorRepository.class);
    return (MailCursorRepository)
        Proxy.newProxyInstance(
            MailCursorRepository.class.getClassLoader(),
            new Class<?>[] {MailCursorRepository.class},
            (_, method, arguments) -> {
              if (method.getName().equals("move")) {
                action.run();
              }
              return method.invoke(cursors, arguments);
            });
  }

  @Test
  void concurrentJobsMailOnce() {
    IntStream.range(0, 40).forEach(_ -> book(user));

    MailQueue queue = ingress.context.getBean(MailQueue.class);
    CompletableFuture.allOf(
            Stream.generate(() -> job(queue, 3))
                .limit(4)
                .map(job ->
                    CompletableFuture.runAsync(() -> runAll(job), Thread::startVirtualThread))
                .toArray(CompletableFuture[]::new))
        .join();

    await().until(() -> subjects(email).size() >= 40);
    book(user);
    runAll(job());
    await().until(() -> subjects(email).size() > 40);
    assertThat(subjects(email)).hasSize(41);
  }

  @Test
  void usersOfAChangedEventGetOneMail() {
    List<String> emails =
        Stream.generate(() -> UUID.randomUUID() + "@example.org").limit(5).toList();
    emails.subList(0, 3).forEach(address -> book(signUp(address)));
    emails.subList(3, 5).forEach(address -> join(signUp(address), "WAITING", null));
    runAll(job());
    ingress.reserve(user, event, "CANCELLED", null);
    ObjectNode moved = (ObjectNode) ingress.get("/api/v1/events/" + event, null).json();
    moved.put("venueName", "Arena");

    change(moved);
    moved.put("maxSeatsPerUser", 3).put("revision", moved.path("revision").asLong() + 1);
    change(moved);
    runAll(job(ingress.context.getBean(MailQueue.class), 2));
    assertThat(ingress.delete("/api/v1/events/" + event, ingress.admin()).status()).isEqualTo(204);
    runAll(job(ingress.context.getBean(MailQueue.class), 2));

    emails.forEach(address ->
        await()
            .until(() ->
                subjects(address).stream().filter(s -> !s.startsWith("Booked")).count() >= 2));
    assertThat(emails)
        .allSatisfy(address ->
            assertThat(subjects(address))
                .filteredOn(subject -> !subject.startsWith("Booked"))
                .containsExactlyInAnyOrder(
                    "Date or venue changed: Concert / 일정 또는 장소 변경",
                    "Event cancelled: Concert / 공연 취소"));
    assertThat(subjects(email)).as("its reservation is cancelled").isEmpty();
  }

  private void change(ObjectNode changed) {
    String path = "/api/v1/events/" + event;
    assertThat(ingress.send("PUT", path, ingress.admin(), changed.toString()).status())
        .isEqualTo(200);
  }
}
