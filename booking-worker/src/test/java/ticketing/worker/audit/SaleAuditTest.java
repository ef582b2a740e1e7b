package ticketing.worker.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import ticketing.domain.Command;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.Json;
import ticketing.domain.Money;
import ticketing.domain.Reason;
import ticketing.domain.SeatOffer;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.local.servers.LocalServers;
import ticketing.status.StatusEntry;
import ticketing.worker.WorkerApplication;
import ticketing.worker.WorkerArguments;
import ticketing.worker.pipeline.BoxOffice;

/// A sale with each kind of decision is explained. Each test changes one row by hand and expects
/// that the audit reports it.
class SaleAuditTest {

  private static final LocalServers SERVERS = LocalServers.shared();
  private static final String DATABASE = SERVERS.newDatabase();

  private static ConfigurableApplicationContext worker;
  private static JdbcClient sql;
  private static BoxOffice office;

  private static long event;
  private static long booked;
  private static long cancelled;
  private static long expired;
  private static long confirmed;
  private static long reclaimed;
  private static UUID limited;
  private static UUID soldOut;
  private static UUID givenUp;

  @BeforeAll
  static void sell() {
    String queue = "audit-" + UUID.randomUUID();
    SERVERS.newQueues(queue);
    worker =
        SpringApplication.run(
            WorkerApplication.class,
            WorkerArguments.of(
                SERVERS,
                DATABASE,
                queue,
                "--ticketing.worker.maintenance.hold-expiry-interval=1h",
                "--ticketing.worker.pipeline.poll-wait=1s",
                "--ticketing.worker.pipeline.stop-timeout=5s"));
    sql = worker.getBean(JdbcClient.class);
    office = worker.getBean(BoxOffice.class);
    event = event(20);
    bookAndCancel();
    edit("hold_minutes = 0, revision = revision + 1");
    hold();
    decide(
        new Command.ChangeSeats(
                UUID.randomUUID(),
                "admin",
                event,
                List.of(
                    new SeatOffer("A", Money.of("12.00"), 12),
                    new SeatOffer("B", Money.of("5.00"), 3)),
                now())
            .basedOn(2));
    edit("status = 'PAUSED'");
    soldOut = decide(book("kim", 4, "B", now(), null)).ticketId();
    givenUp = UUID.randomUUID();
    office.giveUp(
        event, List.of(StatusEntry.pending(book(givenUp, "gil", 1, "A", now(), null))), now());
  }

  /// Bookings with the price at acceptance and without it, a rejection and cancellations.
  private static void bookAndCancel() {
    Command.BookSeats first = book("ann", 2, "A", now(), Money.of("8.00"));
    Command.BookSeats second = book("bob", 3, "A", now(), null);
    Command.BookSeats third = book("ann", 3, "A", now().plusMillis(1), null);
    office.decide(event, List.of(first, second, third));
    booked = reservation(first.ticketId());
    cancelled = reservation(second.ticketId());
    limited = third.ticketId();
    decide(cancel("bob", cancelled, false));
    decide(cancel("bob", cancelled, false));
    decide(cancel("eve", booked, false));
  }

  /// Holds that end when they are decided: confirmed in time, expired, cancelled by an
  /// administrator, and confirmed after the expiry.
  private static void hold() {
    Ticket first = decide(book("cem", 1, "A", now(), null));
    assertThat(first.status()).isEqualTo(TicketStatus.HELD);
    confirmed = first.reservationId();
    decide(confirm("cem", confirmed, first.expiresAt().minusMillis(1)));
    decide(cancel("admin", confirmed, true));
    Ticket second = decide(book("dan", 2, "A", now(), null));
    expired = second.reservationId();
    Ticket third = decide(book("fay", 1, "A", now(), null));
    reclaimed = third.reservationId();
    office.expireHolds(event);
    decide(confirm("dan", expired, second.expiresAt()));
    decide(cancel("dan", expired, false));
    decide(confirm("fay", reclaimed, third.expiresAt().minusMillis(1)));
  }

  @AfterAll
  static void stop() {
    worker.close();
  }

  @Test
  void eachRowOfASaleIsExplained() throws Exception {
    assertThat(status(confirmed)).isEqualTo("CANCELLED");
    assertThat(status(expired)).isEqualTo("EXPIRED");
    assertThat(status(reclaimed)).isEqualTo("CONFIRMED");
    assertThat(reason(limited)).isEqualTo(Reason.LIMIT_EXCEEDED.name());
    assertThat(reason(soldOut)).isEqualTo(Reason.SOLD_OUT.name());
    long steps =
        sql.sql("SELECT decision_sequence FROM events WHERE id = ?")
            .param(event)
            .query(Long.class)
            .single();
    assertThat(steps).isGreaterThan(20);
    try (Connection connection = worker.getBean(DataSource.class).getConnection()) {
      assertThat(new SaleAudit(connection).audit(event))
          .isEqualTo(new AuditResult.Explained(event, steps));
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          UPDATE seat_types SET available_seats = available_seats - 1 WHERE event_id = :event AND seat_type = 'A' | seat_types/
          UPDATE seat_types SET price = 13.00 WHERE event_id = :event AND seat_type = 'A'                   | seat_types/
          UPDATE seat_types SET total_seats = total_seats + 1 WHERE event_id = :event AND seat_type = 'B'   | seat_types/
          DELETE FROM seat_types WHERE event_id = :event AND seat_type = 'B'                                | seat_types/
          UPDATE events SET available_seats = available_seats - 1 WHERE id = :event                        | events/
          UPDATE events SET max_seats_per_user = 9 WHERE id = :event                                       | events/
          UPDATE events SET hold_minutes = NULL WHERE id = :event                                          | events/
          UPDATE events SET sale_closes_at = '2026-12-31 00:00:00' WHERE id = :event                       | events/
          UPDATE events SET status = 'ACTIVE' WHERE id = :event                                            | events/
          UPDATE events SET decision_sequence = decision_sequence + 1 WHERE id = :event                    | events/
          UPDATE events SET decision_sequence = NULL WHERE id = :event                                     | sequence 1
          UPDATE events SET archived_at = '2026-01-01 00:00:00' WHERE id = :event                          | events/
          UPDATE reservations SET status = 'CANCELLED', cancelled_at = reserved_at WHERE id = :booked      | reservations/
          UPDATE reservations SET status = 'CONFIRMED', cancelled_at = NULL WHERE id = :cancelled          | reservations/
          UPDATE reservations SET status = 'HELD' WHERE id = :expired                                      | reservations/
          UPDATE reservations SET quantity = 1 WHERE id = :booked                                          | reservations/
          UPDATE reservations SET total_price = 1.00 WHERE id = :booked                                    | reservations/
          UPDATE reservations SET user_id = 'eve' WHERE id = :booked                                       | reservations/
          UPDATE reservations SET seat_type = 'B' WHERE id = :booked                                       | reservations/
          UPDATE reservations SET expires_at = '2027-01-01 00:00:00' WHERE id = :expired                   | reservations/
          DELETE FROM reservations WHERE id = :booked                                                      | reservations/
          INSERT INTO reservations SELECT 0, UUID(), event_id, user_id, 1, seat_type, total_price, status, reserved_at, NULL, NULL, NULL FROM reservations WHERE id = :booked | reservations/
          UPDATE tickets SET decision = 'HELD' WHERE reservation_id = :booked AND action = 'BOOK'          | tickets/
          UPDATE tickets SET quantity = 3 WHERE reservation_id = :booked AND action = 'BOOK'               | tickets/
          UPDATE tickets SET price = 9.00 WHERE reservation_id = :booked AND action = 'BOOK'               | tickets/
          UPDATE tickets SET total_price = 9.00 WHERE reservation_id = :booked AND action = 'BOOK'         | tickets/
          UPDATE tickets SET reason = 'SOLD_OUT' WHERE id = ':limited'                                     | tickets/:limited
          UPDATE tickets SET reason = 'LIMIT_EXCEEDED' WHERE id = ':soldOut'                               | tickets/:soldOut
          UPDATE tickets SET quantity = 1 WHERE id = ':soldOut'                                            | tickets/:soldOut
          UPDATE tickets SET seat_type = 'C' WHERE id = ':soldOut'                                         | tickets/:soldOut
          UPDATE tickets SET decision = 'CONFIRMED' WHERE id = ':soldOut'                                  | tickets/:soldOut
          UPDATE tickets SET decision = 'CONFIRMED' WHERE id = ':givenUp'                                  | tickets/:givenUp
          UPDATE tickets SET sequence = NULL WHERE id = ':soldOut'                                         | tickets/:soldOut
          UPDATE tickets SET action = 'CONFIRM' WHERE id = ':soldOut'                                      | sequence
          DELETE FROM tickets WHERE id = ':limited'                                                        | sequence
          DELETE FROM tickets WHERE id = ':soldOut'                                                        | events/
          UPDATE tickets SET on_behalf = FALSE WHERE on_behalf = TRUE                                      | tickets/
          UPDATE tickets SET seat_change = REPLACE(seat_change, '12.00', '11.00') WHERE seat_change IS NOT NULL | event_states/
          UPDATE tickets SET accepted_at = accepted_at + INTERVAL 1 HOUR WHERE reservation_id = :confirmed AND action = 'CONFIRM' | tickets/
          DELETE FROM hold_expiries WHERE reservation_id = :expired                                        | sequence
          UPDATE hold_expiries SET reservation_id = :booked WHERE reservation_id = :expired                | hold_expiries/
          UPDATE hold_expiries SET expired_at = expired_at - INTERVAL 1 HOUR WHERE reservation_id = :expired | hold_expiries/
          DELETE FROM event_states WHERE event_id = :event AND sequence = 1                                | sequence
          UPDATE event_states SET state = REPLACE(state, '"maxSeatsPerUser":4', '"maxSeatsPerUser":6') WHERE event_id = :event AND sequence = 1 | tickets/:limited
          UPDATE event_states SET state = '{}' WHERE event_id = :event AND sequence = 1                    | sequence
          """)
  void rowChangedByHandIsUnexplained(String statement, String row) throws Exception {
    try (Connection connection = worker.getBean(DataSource.class).getConnection()) {
      connection.setAutoCommit(false);
      try (var change = connection.createStatement()) {
        assertThat(change.executeUpdate(resolved(statement))).as("changed rows").isPositive();
        assertThat(new SaleAudit(connection).audit(event))
            .isInstanceOfSatisfying(
                AuditResult.Unexplained.class,
                found -> assertThat(found.difference().row()).startsWith(resolved(row)));
      } finally {
        connection.rollback();
      }
    }
  }

  @Test
  void decisionWithoutAnEventIsExplained() throws Exception {
    long missing = 9_000_000 + event;
    office.decide(
        missing,
        List.of(
            new Command.BookSeats(UUID.randomUUID(), "ann", missing, "A", 1, now(), null, null)));
    try (Connection connection = worker.getBean(DataSource.class).getConnection()) {
      SaleAudit audit = new SaleAudit(connection);
      assertThat(audit.eventIds()).contains(event, missing);
      assertThat(audit.audit(missing)).isInstanceOf(AuditResult.Explained.class);
    }
    sql.sql("UPDATE tickets SET reason = 'SOLD_OUT' WHERE event_id = ?").param(missing).update();
    assertThat(run(missing)).isEqualTo(AuditApplication.UNEXPLAINED);
    sql.sql("DELETE FROM tickets WHERE event_id = ?").param(missing).update();
  }

  @Test
  void eventWithOlderDecisionsIsSkipped() throws Exception {
    long older = event(5);
    sql.sql("UPDATE events SET decision_sequence = NULL WHERE id = ?").param(older).update();
    office.decide(
        older,
        List.of(new Command.BookSeats(UUID.randomUUID(), "ann", older, "A", 1, now(), null, null)));
    try (Connection connection = worker.getBean(DataSource.class).getConnection()) {
      assertThat(new SaleAudit(connection).audit(older)).isInstanceOf(AuditResult.Skipped.class);
    }
  }

  @Test
  void commandReturnsTheExitCode() {
    assertThat(run(event)).isEqualTo(AuditApplication.EXPLAINED);
    sql.sql("UPDATE reservations SET quantity = 1 WHERE id = ?").param(booked).update();
    assertThat(run(event)).isEqualTo(AuditApplication.UNEXPLAINED);
    sql.sql("UPDATE reservations SET quantity = 2 WHERE id = ?").param(booked).update();
    assertThat(
            AuditApplication.run(
                "jdbc:mysql://127.0.0.1:1/none", "", "", new String[0], System.out))
        .isEqualTo(AuditApplication.FAILED);
  }

  private static int run(long eventId) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int code =
        AuditApplication.run(
            DATABASE,
            SERVERS.databaseUser(),
            SERVERS.databasePassword(),
            new String[] {String.valueOf(eventId)},
            new PrintStream(out, true, StandardCharsets.UTF_8));
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("event=" + eventId);
    return code;
  }

  private static String resolved(String text) {
    return text.replace(":event", String.valueOf(event))
        .replace(":booked", String.valueOf(booked))
        .replace(":cancelled", String.valueOf(cancelled))
        .replace(":expired", String.valueOf(expired))
        .replace(":confirmed", String.valueOf(confirmed))
        .replace(":limited", limited.toString())
        .replace(":soldOut", soldOut.toString())
        .replace(":givenUp", givenUp.toString());
  }

  private static long event(int seats) {
    sql.sql(
            """
            INSERT INTO events (event_name, total_seats, available_seats, event_date,
                   max_seats_per_user)
            VALUES ('Show', ?, ?, '2037-01-01 10:00:00', 4)\
            """)
        .params(seats, seats)
        .update();
    long id = sql.sql("SELECT MAX(id) FROM events").query(Long.class).single();
    sql.sql("INSERT INTO seat_types VALUES (?, 'A', 10.00, ?, ?)")
        .params(id, seats, seats)
        .update();
    return id;
  }

  /// Edits the event and records its state, as ingress-api does.
  private static void edit(String change) {
    sql.sql(
            "UPDATE events SET decision_sequence = decision_sequence + 1, "
                + change
                + " WHERE id = ?")
        .param(event)
        .update();
    List<EventView.SeatTypeView> types =
        sql.sql("SELECT * FROM seat_types WHERE event_id = ?")
            .param(event)
            .query((row, index) ->
                new EventView.SeatTypeView(
                    row.getString("seat_type"),
                    new Money(row.getBigDecimal("price")),
                    row.getInt("total_seats"),
                    row.getInt("available_seats")))
            .list();
    EventView state =
        sql.sql("SELECT * FROM events WHERE id = ?")
            .param(event)
            .query((row, index) ->
                EventView.builder(event, "Show", Instant.parse("2037-01-01T10:00:00Z"))
                    .status(EventStatus.valueOf(row.getString("status")))
                    .maxSeatsPerUser(row.getObject("max_seats_per_user", Integer.class))
                    .holdMinutes(row.getObject("hold_minutes", Integer.class))
                    .revision(row.getLong("revision"))
                    .seatTypes(types)
                    .build())
            .single();
    sql.sql(
            """
            INSERT INTO event_states
            SELECT id, decision_sequence, ?, UTC_TIMESTAMP(6) FROM events WHERE id = ?\
            """)
        .params(Json.INTERNAL.writeValueAsString(state), event)
        .update();
  }

  private static Ticket decide(Command command) {
    return office.decide(event, List.of(command)).decided().getFirst().ticket();
  }

  private static Command.BookSeats book(
      String user, int quantity, String seatType, Instant acceptedAt, Money price) {
    return book(UUID.randomUUID(), user, quantity, seatType, acceptedAt, price);
  }

  private static Command.BookSeats book(
      UUID ticketId, String user, int quantity, String seatType, Instant acceptedAt, Money price) {
    return new Command.BookSeats(
        ticketId, user, event, seatType, quantity, acceptedAt, null, null, price);
  }

  private static Command confirm(String user, long reservation, Instant acceptedAt) {
    return new Command.ConfirmHold(UUID.randomUUID(), user, event, reservation, acceptedAt);
  }

  private static Command cancel(String user, long reservation, boolean onBehalf) {
    return new Command.CancelReservation(
        UUID.randomUUID(), user, event, reservation, onBehalf, now());
  }

  private static long reservation(UUID ticketId) {
    return sql.sql("SELECT id FROM reservations WHERE ticket_id = ?")
        .param(ticketId.toString())
        .query(Long.class)
        .single();
  }

  private static String status(long reservation) {
    return sql.sql("SELECT status FROM reservations WHERE id = ?")
        .param(reservation)
        .query(String.class)
        .single();
  }

  private static String reason(UUID ticketId) {
    return sql.sql("SELECT reason FROM tickets WHERE id = ?")
        .param(ticketId.toString())
        .query(String.class)
        .single();
  }

  private static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.MICROS);
  }
}
