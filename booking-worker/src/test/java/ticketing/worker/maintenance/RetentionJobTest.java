package ticketing.worker.maintenance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import ticketing.local.servers.LocalServers;
import ticketing.worker.WorkerApplication;
import ticketing.worker.WorkerArguments;

/// Retention with batches of two rows.
class RetentionJobTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private static final LocalServers SERVERS = LocalServers.shared();
  private static ConfigurableApplicationContext worker;
  private static JdbcClient sql;

  @BeforeAll
  static void start() {
    String queue = "retention-" + UUID.randomUUID();
    SERVERS.newQueues(queue);
    worker =
        SpringApplication.run(
            WorkerApplication.class,
            WorkerArguments.of(
                SERVERS,
                SERVERS.newDatabase(),
                queue,
                "--ticketing.worker.retention.pause=20ms",
                "--ticketing.worker.retention.idle-interval=100ms",
                "--ticketing.worker.retention.batch-size=2",
                "--ticketing.worker.pipeline.poll-wait=1s",
                "--ticketing.worker.pipeline.stop-timeout=5s"));
    sql = worker.getBean(JdbcClient.class);
  }

  @AfterAll
  static void stop() {
    worker.close();
  }

  @Test
  void rowsOfLongPastEventsAreRemoved() {
    long past = event(0);
    long recent = event(300);
    UUID[] old = new UUID[5];
    for (int i = 0; i < old.length; i++) {
      old[i] = UUID.randomUUID();
      ticket(old[i], past, 400);
      reservation(old[i], past, "CONFIRMED", 400);
    }
    for (long one : new long[] {past, recent}) {
      sql.sql("INSERT INTO event_states VALUES (?, 1, '{}', UTC_TIMESTAMP(6))").param(one).update();
      sql.sql("INSERT INTO hold_expiries VALUES (?, 2, 1, UTC_TIMESTAMP(6))").param(one).update();
      sql.sql("INSERT INTO seat_map_changes VALUES (UUID(), ?, 'x', UTC_TIMESTAMP(6))")
          .param(one)
          .update();
      sql.sql(
              """
              INSERT INTO waiting_entries (ticket_id, event_id, sequence, seat_type, quantity,
                     user_id, price, status, joined_at)
              VALUES (UUID(), ?, 1, 'R', 1, 'retention', 1, 'WAITING', UTC_TIMESTAMP(6))\
              """)
          .param(one)
          .update();
      // The expiry job releases the kept seats of an event without a waiting list.
      sql.sql("UPDATE events SET waiting_list = TRUE WHERE id = ?").param(one).update();
      sql.sql(
              "INSERT INTO seat_types (event_id, seat_type, price, total_seats, available_seats,"
                  + " kept_seats, waiting_parties) VALUES (?, 'wait', 1, 1, 0, 1, 1)")
          .param(one)
          .update();
      sql.sql("UPDATE reservations SET seats = id WHERE event_id = ?").param(one).update();
      sql.sql(
              """
              INSERT INTO reservation_seats
              SELECT event_id, id, id FROM reservations WHERE event_id = ?\
              """)
          .param(one)
          .update();
    }
    UUID redriven = UUID.randomUUID();
    ticket(redriven, past, 10);
    UUID held = UUID.randomUUID();
    reservation(held, past, "HELD", 400);
    UUID kept = UUID.randomUUID();
    ticket(kept, recent, 400);
    reservation(kept, recent, "CONFIRMED", 400);
    sql.sql("UPDATE events SET event_date = ? WHERE id = ?").params(daysAgo(400), past).update();

    await()
        .atMost(TIMEOUT)
        .untilAsserted(() -> {
          assertThat(ids("SELECT id FROM tickets WHERE event_id = " + past))
              .containsExactly(redriven.toString());
          assertThat(ids("SELECT ticket_id FROM reservations WHERE event_id = " + past))
              .containsExactly(held.toString());
          assertThat(count("SELECT COUNT(*) FROM event_states WHERE event_id = " + past)).isZero();
          assertThat(count("SELECT COUNT(*) FROM hold_expiries WHERE event_id = " + past)).isZero();
          assertThat(count("SELECT COUNT(*) FROM seat_map_changes WHERE event_id = " + past))
              .isZero();
          assertThat(count("SELECT COUNT(*) FROM reservation_seats WHERE event_id = " + past))
              .isZero();
          assertThat(count("SELECT COUNT(*) FROM waiting_entries WHERE event_id = " + past))
              .isZero();
          assertThat(count("SELECT SUM(waiting_parties) FROM seat_types WHERE event_id = " + past))
              .isZero();
          assertThat(count("SELECT SUM(kept_seats) FROM seat_types WHERE event_id = " + past))
              .isZero();
          assertThat(count("SELECT SUM(archived_at > event_date) FROM events WHERE id = " + past))
              .isEqualTo(1);
          assertThat(count("SELECT COUNT(archived_at) FROM events WHERE id = " + past))
              .isEqualTo(1);
        });
    assertThat(ids("SELECT id FROM tickets WHERE event_id = " + recent))
        .containsExactly(kept.toString());
    assertThat(ids("SELECT ticket_id FROM reservations WHERE event_id = " + recent))
        .containsExactly(kept.toString());
    assertThat(count("SELECT COUNT(archived_at) FROM events WHERE id = " + recent)).isZero();
    assertThat(count("SELECT COUNT(*) FROM event_states WHERE event_id = " + recent)).isEqualTo(1);
    assertThat(count("SELECT COUNT(*) FROM hold_expiries WHERE event_id = " + recent)).isEqualTo(1);
    assertThat(count("SELECT COUNT(*) FROM seat_map_changes WHERE event_id = " + recent))
        .isEqualTo(1);
    assertThat(count("SELECT COUNT(*) FROM waiting_entries WHERE event_id = " + recent))
        .isEqualTo(1);
    assertThat(count("SELECT SUM(waiting_parties) FROM seat_types WHERE event_id = " + recent))
        .isEqualTo(1);
    assertThat(count("SELECT SUM(kept_seats) FROM seat_types WHERE event_id = " + recent))
        .isEqualTo(1);
    for (UUID removed : old) {
      assertThat(
              count(
                  "SELECT COUNT(*) FROM removed_tickets WHERE HEX(id) = '"
                      + removed.toString().replace("-", "").toUpperCase()
                      + "'"))
          .isEqualTo(1);
    }
  }

  @Test
  void oldRecordsOfDeadLettersAreDeleted() {
    for (int i = 0; i < 5; i++) {
      deadLetter("old-" + i, 31);
    }
    deadLetter("recent", 29);
    await()
        .atMost(TIMEOUT)
        .untilAsserted(
            () -> assertThat(ids("SELECT message_id FROM dead_letters")).containsExactly("recent"));
  }

  @Test
  void retentionExceedsTheLifetimeOfMessages() {
    Duration tooShort = RetentionSettings.MIN_PAST_EVENTS.minusSeconds(1);
    assertThatThrownBy(() -> settings(tooShort, Duration.ofDays(30)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("past-events");
    assertThatThrownBy(() -> settings(Duration.ofDays(365), Duration.ofDays(14)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("dead-letters");
  }

  private static RetentionSettings settings(Duration pastEvents, Duration deadLetters) {
    return new RetentionSettings(
        Duration.ofSeconds(1),
        Duration.ofMinutes(1),
        500,
        pastEvents,
        Duration.ofDays(3650),
        deadLetters);
  }

  private static Timestamp daysAgo(long days) {
    return Timestamp.from(Instant.now().minus(Duration.ofDays(days)));
  }

  private static long event(long daysAgo) {
    sql.sql(
            """
            INSERT INTO events (event_name, total_seats, available_seats, event_date)
            VALUES ('Show', 10, 10, ?)\
            """)
        .param(daysAgo(daysAgo))
        .update();
    return count("SELECT MAX(id) FROM events");
  }

  private static void ticket(UUID id, long event, long daysAgo) {
    sql.sql(
            """
            INSERT INTO tickets (id, action, user_id, event_id, decision, accepted_at, decided_at)
            VALUES (?, 'BOOK', 'user', ?, 'CONFIRMED', ?, ?)\
            """)
        .params(id.toString(), event, daysAgo(daysAgo), daysAgo(daysAgo))
        .update();
  }

  private static void reservation(UUID ticket, long event, String status, long daysAgo) {
    sql.sql(
            """
            INSERT INTO reservations (ticket_id, event_id, user_id, quantity, status, reserved_at)
            VALUES (?, ?, 'user', 1, ?, ?)\
            """)
        .params(ticket.toString(), event, status, daysAgo(daysAgo))
        .update();
  }

  private static void deadLetter(String id, long daysAgo) {
    sql.sql(
            """
            INSERT INTO dead_letters (message_id, body, receive_count, first_seen_at)
            VALUES (?, '', 5, ?)\
            """)
        .params(id, daysAgo(daysAgo))
        .update();
  }

  private static List<String> ids(String query) {
    return sql.sql(query).query(String.class).list();
  }

  private static long count(String query) {
    return sql.sql(query).query(Long.class).single();
  }
}
