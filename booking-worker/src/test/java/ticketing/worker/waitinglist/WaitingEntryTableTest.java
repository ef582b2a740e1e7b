package ticketing.worker.waitinglist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import ticketing.domain.Command;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Json;
import ticketing.domain.Money;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.domain.seatmap.SeatBitmap;
import ticketing.domain.seatmap.SeatMap;
import ticketing.local.servers.LocalServers;
import ticketing.userfeed.UserChange;
import ticketing.worker.WorkerApplication;
import ticketing.worker.WorkerArguments;
import ticketing.worker.audit.AuditResult;
import ticketing.worker.audit.SaleAudit;
import ticketing.worker.pipeline.BoxOffice;
import ticketing.worker.pipeline.CommittedBatch;

/// Waiting lists in the database. Each sale is replayed by the audit.
class WaitingEntryTableTest {

  private static final LocalServers SERVERS = LocalServers.shared();
  private static final Money PRICE = Money.of("10.00");

  private static ConfigurableApplicationContext worker;
  private static JdbcClient sql;
  private static BoxOffice office;

  @BeforeAll
  static void start() {
    String queue = "waitinglist-" + UUID.randomUUID();
    SERVERS.newQueues(queue);
    worker =
        SpringApplication.run(
            WorkerApplication.class,
            WorkerArguments.of(
                SERVERS,
                SERVERS.newDatabase(),
                queue,
                "--ticketing.worker.maintenance.hold-expiry-interval=200ms",
                "--ticketing.worker.pipeline.poll-wait=1s",
                "--ticketing.worker.pipeline.stop-timeout=5s"));
    sql = worker.getBean(JdbcClient.class);
    office = worker.getBean(BoxOffice.class);
  }

  @AfterAll
  static void stop() {
    worker.close();
  }

  @Test
  void cancelledSeatsBecomeAnOffer() throws Exception {
    long event = event(2, null);
    Ticket booked = decide(event, book(event, "ann", 2));
    Ticket joined = decide(event, join(event, "bob", 2));
    assertThat(joined.status()).isEqualTo(TicketStatus.JOINED);
    assertThat(joined.entryId()).isPositive();
    assertThat(joined.totalPrice()).isEqualTo(Money.of("20.00"));
    CommittedBatch batch =
        office.decide(event, List.of(cancel(event, "ann", booked.reservationId())));
    assertThat(batch.userChanges())
        .singleElement()
        .isInstanceOfSatisfying(
            UserChange.OfferMade.class, offer -> assertThat(offer.users()).containsExactly("bob"));
    assertThat(
            sql.sql(
                    """
                    SELECT CONCAT(status, ' ', offer, ' ', quantity, ' ', ticket_id)
                    FROM reservations WHERE event_id = ? AND user_id = 'bob'\
                    """)
                .param(event)
                .query(String.class)
                .single())
        .isEqualTo("HELD 1 2 " + joined.ticketId());
    Ticket left = decide(event, leave(event, "bob", joined.entryId()));
    assertThat(left.reason()).isEqualTo(Reason.NOT_WAITING);
    // A redelivered command gets the same decision.
    Command again =
        new Command.JoinWaitingList(
            joined.ticketId(), "bob", event, "A", 2, now(), null, null, PRICE);
    assertThat(office.decide(event, List.of(again)).known().getFirst().ticket()).isEqualTo(joined);
    assertExplained(event);
  }

  @Test
  void resumedSaleMakesItsOffers() throws Exception {
    long event = event(2, null);
    Ticket booked = decide(event, book(event, "ann", 2));
    decide(event, join(event, "bob", 2));
    edit(event, EventStatus.PAUSED, true);
    decide(event, cancel(event, "ann", booked.reservationId()));
    assertThat(offers(event)).isZero();
    edit(event, EventStatus.ACTIVE, true);
    await().atMost(Duration.ofSeconds(30)).until(() -> offers(event) == 1);
    assertExplained(event);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void randomSaleIsExplainedBySteps(boolean numbered) throws Exception {
    long event = event(12, numbered ? map() : null);
    Random random = new Random(7);
    List<Ticket> entries = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      decide(event, book(event, "first" + i, 2));
    }
    for (int i = 0; i < 70; i++) {
      List<Command> commands = new ArrayList<>();
      for (int j = random.nextInt(4); j >= 0; j--) {
        String user = "user" + i + "-" + j;
        commands.add(
            switch (random.nextInt(8)) {
              case 0, 1, 5 -> join(event, user, 1);
              case 2, 6 -> join(event, user, 1 + random.nextInt(4));
              case 3 -> book(event, user, 1 + random.nextInt(3));
              case 4 -> {
                int index = random.nextInt(1 + entries.size());
                yield index == entries.size()
                    ? leave(event, user, 1)
                    : leaveOf(event, entries.get(index));
              }
              default -> {
                List<Long> active = active(event);
                yield cancel(
                    event,
                    "admin",
                    active.isEmpty() ? 0 : active.get(random.nextInt(active.size())));
              }
            });
      }
      office.decide(event, commands).decided().stream()
          .map(entry -> entry.ticket())
          .forEach(ticket -> {
            if (ticket.status() == TicketStatus.JOINED) {
              entries.add(ticket);
            }
          });
    }
    assertThat(offers(event)).isGreaterThan(10);
    assertThat(
            sql.sql(
                    """
                    SELECT COALESCE(MAX((SELECT COUNT(*) FROM waiting_entries o
                      WHERE o.event_id = w.event_id AND o.seat_type = w.seat_type
                        AND o.status = 'OFFERED' AND o.sequence > w.sequence
                        AND (w.status = 'WAITING' OR o.ended_sequence < w.ended_sequence))), 0)
                    FROM waiting_entries w WHERE w.event_id = ?\
                    """)
                .param(event)
                .query(Integer.class)
                .single())
        .isBetween(1, 10);
    assertExplained(event);
    assertThat(
            sql.sql(
                    """
                    SELECT available_seats + kept_seats + (SELECT COALESCE(SUM(quantity), 0)
                      FROM reservations r WHERE r.event_id = t.event_id
                        AND r.status IN ('HELD', 'CONFIRMED'))
                    FROM seat_types t WHERE event_id = ?\
                    """)
                .param(event)
                .query(Integer.class)
                .single())
        .isEqualTo(12);
  }

  /// A change by hand contradicts the steps.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "UPDATE waiting_entries SET status = 'LEFT' WHERE event_id = ? AND status = 'OFFERED'",
        "UPDATE waiting_entries SET quantity = 1 WHERE event_id = ?",
        "UPDATE waiting_entries SET ended_sequence = NULL WHERE event_id = ?",
        "UPDATE reservations SET offer = FALSE WHERE event_id = ?",
        "UPDATE seat_types SET waiting_parties = 1 WHERE event_id = ?",
        "UPDATE seat_types SET kept_seats = 1 WHERE event_id = ?",
        "UPDATE tickets SET entry_id = 1 WHERE event_id = ? AND action = 'JOIN'",
        "DELETE FROM waiting_entries WHERE event_id = ?"
      })
  void changedWaitingListIsUnexplained(String statement) throws Exception {
    long event = event(2, null);
    Ticket booked = decide(event, book(event, "ann", 2));
    decide(event, join(event, "bob", 2));
    decide(event, cancel(event, "ann", booked.reservationId()));
    assertExplained(event);
    assertThat(sql.sql(statement).param(event).update()).isPositive();
    assertThat(audit(event)).isInstanceOf(AuditResult.Unexplained.class);
  }

  private static AuditResult audit(long event) throws Exception {
    try (Connection connection = worker.getBean(DataSource.class).getConnection()) {
      return new SaleAudit(connection).audit(event);
    }
  }

  private static void assertExplained(long event) throws Exception {
    assertThat(audit(event)).isInstanceOf(AuditResult.Explained.class);
  }

  private static int offers(long event) {
    return sql.sql("SELECT COUNT(*) FROM reservations WHERE event_id = ? AND offer")
        .param(event)
        .query(Integer.class)
        .single();
  }

  private static List<Long> active(long event) {
    return sql.sql(
            "SELECT id FROM reservations WHERE event_id = ? AND status IN ('HELD', 'CONFIRMED')")
        .param(event)
        .query(Long.class)
        .list();
  }

  private static SeatMap map() {
    StringBuilder rows = new StringBuilder();
    for (int row = 1; row <= 3; row++) {
      StringBuilder seats = new StringBuilder();
      for (int seat = 1; seat <= 4; seat++) {
        seats.append(
            "%s{\"id\":\"%d-%d\",\"seatType\":\"A\",\"rank\":%d,\"x\":%d,\"y\":%d}"
                .formatted(seat == 1 ? "" : ",", row, seat, row, seat, row));
      }
      rows.append("%s{\"row\":\"%d\",\"seats\":[%s]}".formatted(row == 1 ? "" : ",", row, seats));
    }
    String json = "{\"sections\":[{\"section\":\"S\",\"rows\":[" + rows + "]}]}";
    return ((SeatMap.Parsed.Valid) SeatMap.parse(Json.INTERNAL.readTree(json), List.of("A"))).map();
  }

  /// Inserts an event with its rows, as ingress-api does.
  private static long event(int seats, SeatMap map) {
    Integer revision = map == null ? null : 1;
    sql.sql(
            """
            INSERT INTO events (event_name, total_seats, available_seats, event_date,
                   seat_map_revision, decision_sequence, waiting_list, offer_minutes)
            VALUES ('Show', ?, ?, '2037-01-01 10:00:00', ?, 1, TRUE, 15)\
            """)
        .params(seats, seats, revision)
        .update();
    long id = sql.sql("SELECT MAX(id) FROM events").query(Long.class).single();
    sql.sql("INSERT INTO seat_types VALUES (?, 'A', 10.00, ?, ?)")
        .params(id, seats, seats)
        .update();
    if (map != null) {
      sql.sql("INSERT INTO seat_maps VALUES (?, 1, ?, UTC_TIMESTAMP(6))")
          .params(id, map.toGzip())
          .update();
      sql.sql("INSERT INTO seat_sections VALUES (?, 0, 'S', ?, ?)")
          .params(id, seats, SeatBitmap.empty(map).section(0))
          .update();
    }
    recordState(id, 1);
    return id;
  }

  private static void recordState(long id, long sequence) {
    EventView state =
        sql.sql("SELECT * FROM events JOIN seat_types ON event_id = id WHERE id = ?")
            .param(id)
            .query((row, index) ->
                EventView.builder(id, "Show", Instant.parse("2037-01-01T10:00:00Z"))
                    .status(EventStatus.valueOf(row.getString("status")))
                    .seatMapRevision(row.getObject("seat_map_revision", Integer.class))
                    .waitingList(row.getBoolean("waiting_list"), 15)
                    .seatTypes(
                        List.of(
                            new SeatTypeView(
                                "A",
                                PRICE,
                                row.getInt("seat_types.total_seats"),
                                row.getInt("seat_types.available_seats"))))
                    .build())
            .single();
    sql.sql("INSERT INTO event_states VALUES (?, ?, ?, UTC_TIMESTAMP(6))")
        .params(id, sequence, Json.INTERNAL.writeValueAsString(state))
        .update();
  }

  private static void edit(long event, EventStatus status, boolean waitingList) {
    sql.sql(
            """
            UPDATE events SET status = ?, waiting_list = ?,
                   decision_sequence = decision_sequence + 1
            WHERE id = ?\
            """)
        .params(status.name(), waitingList, event)
        .update();
    recordState(
        event,
        sql.sql("SELECT decision_sequence FROM events WHERE id = ?")
            .param(event)
            .query(Long.class)
            .single());
  }

  private static Ticket decide(long event, Command command) {
    return office.decide(event, List.of(command)).decided().getFirst().ticket();
  }

  private static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.MICROS);
  }

  private static Command book(long event, String user, int quantity) {
    return new Command.BookSeats(UUID.randomUUID(), user, event, "A", quantity, now());
  }

  private static Command join(long event, String user, int quantity) {
    return new Command.JoinWaitingList(
        UUID.randomUUID(), user, event, "A", quantity, now(), null, null, PRICE);
  }

  private static Command leave(long event, String user, long entry) {
    return new Command.LeaveWaitingList(UUID.randomUUID(), user, event, entry, now(), null, null);
  }

  private static Command leaveOf(long event, Ticket entry) {
    String user =
        sql.sql("SELECT user_id FROM waiting_entries WHERE id = ?")
            .param(entry.entryId())
            .query(String.class)
            .single();
    return leave(event, user, entry.entryId());
  }

  private static Command cancel(long event, String user, long reservation) {
    return new Command.CancelReservation(
        UUID.randomUUID(), user, event, reservation, user.equals("admin"), now());
  }
}
