package ticketing.worker.seatmap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.core.simple.JdbcClient;
import ticketing.domain.Command;
import ticketing.domain.Command.BookSeats.Otherwise;
import ticketing.domain.Command.ChangeSeats.SeatMapChange;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Json;
import ticketing.domain.Money;
import ticketing.domain.Reason;
import ticketing.domain.SeatOffer;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.domain.seatmap.SeatBitmap;
import ticketing.domain.seatmap.SeatMap;
import ticketing.domain.seatmap.SeatMap.Parsed;
import ticketing.domain.seatmap.SeatsView;
import ticketing.local.servers.LocalServers;
import ticketing.redis.RedisGateway;
import ticketing.status.SeatCache;
import ticketing.worker.WorkerApplication;
import ticketing.worker.WorkerArguments;
import ticketing.worker.audit.AuditResult;
import ticketing.worker.audit.SaleAudit;
import ticketing.worker.pipeline.BoxOffice;
import ticketing.worker.pipeline.CommittedBatch;
import ticketing.worker.pipeline.DecisionPublisher;

/// Numbered seats in the database, with one worker.
class SeatTableTest {

  private static final LocalServers SERVERS = LocalServers.shared();
  private static final Money PRICE = Money.of("10.00");
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private static ConfigurableApplicationContext worker;
  private static JdbcClient sql;
  private static BoxOffice office;

  @BeforeAll
  static void start() {
    String queue = "seats-" + UUID.randomUUID();
    SERVERS.newQueues(queue);
    worker =
        SpringApplication.run(
            WorkerApplication.class,
            WorkerArguments.of(
                SERVERS,
                SERVERS.newDatabase(),
                queue,
                "--ticketing.worker.maintenance.hold-expiry-interval=1h",
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
  void bookingStoresItsSeats() throws Exception {
    long event = event(hall(2, 10), null);
    Ticket first = decide(best(event, "ann", 3));
    assertThat(first.seats()).containsExactly("0-1", "0-2", "0-3");
    Ticket second = decide(exact(event, "bob", "1-1", "1-2"));
    assertThat(second.seats()).containsExactly("1-1", "1-2");
    Ticket taken = decide(exact(event, "cem", "1-2"));
    assertThat(taken.reason()).isEqualTo(Reason.SEATS_TAKEN);
    Ticket other = decide(exact(event, "dan", "1-2").withSeats(List.of("1-2"), Otherwise.BEST));
    assertThat(other.seats()).containsExactly("0-4");
    assertThat(reserved(event)).containsOnlyKeys("0-1", "0-2", "0-3", "0-4", "1-1", "1-2");
    assertThat(text("SELECT seats FROM reservations WHERE id = " + first.reservationId()))
        .isEqualTo("0-1,0-2,0-3");
    assertThat(bitmap(event, 0)).containsExactly(15, 0);
    assertThat(bitmap(event, 1)).containsExactly(3, 0);
    assertThat(count("SELECT available_seats FROM events WHERE id = " + event)).isEqualTo(14);

    Ticket cancelled = decide(cancel(event, "ann", first.reservationId()));
    assertThat(cancelled.seats()).containsExactly("0-1", "0-2", "0-3");
    assertThat(reserved(event)).containsOnlyKeys("0-4", "1-1", "1-2");
    assertThat(bitmap(event, 0)).containsExactly(8, 0);
    assertExplained(event);
  }

  @Test
  void redeliveredBookingKeepsItsSeats() throws Exception {
    long event = event(hall(1, 10), null);
    Command.BookSeats book = best(event, "ann", 2);
    Ticket first = decide(book);
    CommittedBatch again = office.decide(event, List.of(book, best(event, "bob", 1)));
    assertThat(again.known().getFirst().ticket()).isEqualTo(first);
    assertThat(reserved(event)).hasSize(3);
    assertExplained(event);
  }

  @Test
  void expiredHoldMayTakeItsSeatsAgain() throws Exception {
    long event = event(hall(1, 4), 0);
    Ticket first = decide(exact(event, "ann", "0-1", "0-2"));
    Ticket second = decide(exact(event, "bob", "0-3"));
    assertThat(first.status()).isEqualTo(TicketStatus.HELD);
    office.expireHolds(event);
    assertThat(reserved(event)).isEmpty();
    assertThat(bitmap(event, 0)).containsExactly(0);
    Ticket confirmed =
        decide(
            new Command.ConfirmHold(
                UUID.randomUUID(),
                "ann",
                event,
                first.reservationId(),
                first.expiresAt().minusMillis(1)));
    assertThat(confirmed.seats()).containsExactly("0-1", "0-2");
    assertThat(reserved(event))
        .isEqualTo(Map.of("0-1", first.reservationId(), "0-2", first.reservationId()));
    assertThat(second.seats()).containsExactly("0-3");
    assertExplained(event);
  }

  @Test
  void concurrentBatchesSellEachSeatOnce() throws Exception {
    long event = event(hall(6, 50), null);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int thread = 0; thread < 4; thread++) {
        String user = "user-" + thread;
        threads.execute(() -> {
          for (int batch = 0; batch < 5; batch++) {
            List<Command> commands = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
              commands.add(best(event, user, 1 + i % 4));
            }
            CommittedBatch committed = office.decide(event, commands);
            Ticket ticket = committed.decided().getFirst().ticket();
            if (ticket.status() == TicketStatus.CONFIRMED) {
              office.decide(event, List.of(cancel(event, user, ticket.reservationId())));
            }
          }
        });
      }
    }
    Map<String, Long> owners = reserved(event);
    assertThat(owners).hasSize((int) reservedQuantity(event));
    assertThat(count("SELECT available_seats FROM events WHERE id = " + event))
        .isEqualTo(300 - owners.size());
    assertExplained(event);
  }

  @Test
  void uniqueKeyRejectsASeatThatIsSold() {
    long event = event(hall(1, 4), null);
    decide(exact(event, "ann", "0-2"));
    // The bitmap lost a seat.
    sql.sql("UPDATE seat_sections SET taken = ? WHERE event_id = ?")
        .params(new byte[1], event)
        .update();
    assertThatThrownBy(() -> decide(exact(event, "bob", "0-2")))
        .isInstanceOf(DataIntegrityViolationException.class);
    assertThat(reserved(event)).hasSize(1);
    assertThat(reservedQuantity(event)).isEqualTo(1);
  }

  @Test
  void changedMapGetsANewRevision() throws Exception {
    long event = event(hall(1, 4), null);
    assertThat(decide(change(event, hall(2, 3), 6)).status()).isEqualTo(TicketStatus.CONFIRMED);
    assertThat(decide(best(event, "ann", 3)).seats()).containsExactly("0-1", "0-2", "0-3");
    Command rejected = change(event, hall(1, 2), 2);
    assertThat(decide(rejected).reason()).isEqualTo(Reason.SEATS_SOLD);
    assertThat(decide(change(event, hall(3, 3), 9)).status()).isEqualTo(TicketStatus.CONFIRMED);
    assertThat(decide(best(event, "bob", 3)).seats()).containsExactly("1-1", "1-2", "1-3");
    assertThat(count("SELECT seat_map_revision FROM events WHERE id = " + event)).isEqualTo(3);
    assertThat(count("SELECT COUNT(*) FROM seat_maps WHERE event_id = " + event)).isEqualTo(3);
    assertThat(count("SELECT COUNT(*) FROM seat_sections WHERE event_id = " + event)).isEqualTo(3);
    assertThat(count("SELECT total_seats FROM events WHERE id = " + event)).isEqualTo(9);
    assertThat(text("SELECT ticket_id FROM seat_map_changes WHERE event_id = " + event))
        .isEqualTo(rejected.ticketId().toString());
    assertExplained(event);
  }

  @Test
  void removedMapLeavesNoSections() throws Exception {
    long event = event(hall(1, 4), null);
    Command remove =
        new Command.ChangeSeats(
                UUID.randomUUID(), "admin", event, List.of(new SeatOffer("A", PRICE, 8)), now())
            .withSeatMap(SeatMapChange.REMOVE);
    assertThat(decide(remove).status()).isEqualTo(TicketStatus.CONFIRMED);
    assertThat(decide(best(event, "ann", 2)).seats()).isNull();
    assertThat(count("SELECT COUNT(*) FROM seat_sections WHERE event_id = " + event)).isZero();
    assertThat(count("SELECT COUNT(seat_map_revision) FROM events WHERE id = " + event)).isZero();
    assertExplained(event);
  }

  @Test
  void auditReportsAChangedBitmap() throws Exception {
    long event = event(hall(1, 9), null);
    decide(best(event, "ann", 2));
    assertExplained(event);
    sql.sql("UPDATE seat_sections SET taken = ? WHERE event_id = ?")
        .params(new byte[] {3, 1}, event)
        .update();
    assertThat(audit(event)).isInstanceOf(AuditResult.Unexplained.class);
    sql.sql("UPDATE seat_sections SET taken = ? WHERE event_id = ?")
        .params(new byte[] {3, 0}, event)
        .update();
    assertExplained(event);
    sql.sql("DELETE FROM reservation_seats WHERE event_id = ? AND seat_id = '0-2'")
        .param(event)
        .update();
    assertThat(audit(event)).isInstanceOf(AuditResult.Unexplained.class);
  }

  @Test
  void changedSectionsArePublished() {
    long event = event(hall(2, 8), null);
    SeatCache cache = new SeatCache(worker.getBean(RedisGateway.class));
    CommittedBatch batch = office.decide(event, List.of(exact(event, "ann", "1-1")));
    assertThat(batch.changedSeats().changed().sections()).containsExactly(Map.entry("S1", "AQ=="));
    worker.getBean(DecisionPublisher.class).publish(batch);
    await()
        .atMost(TIMEOUT)
        .untilAsserted(() ->
            assertThat(cache.find(event).map(SeatsView::sections))
                .contains(Map.of("S0", "AA==", "S1", "AQ==")));
    assertThat(batch.changedEvent().seatMapRevision()).isEqualTo(1);
    assertThat(batch.changedSeats().all().version()).isEqualTo(batch.changedEvent().version());
  }

  private static void assertExplained(long event) throws Exception {
    assertThat(audit(event)).isInstanceOf(AuditResult.Explained.class);
  }

  private static AuditResult audit(long event) throws Exception {
    try (Connection connection = worker.getBean(DataSource.class).getConnection()) {
      return new SaleAudit(connection).audit(event);
    }
  }

  private static long reservedQuantity(long event) {
    return count(
        "SELECT COALESCE(SUM(quantity), 0) FROM reservations WHERE status = 'CONFIRMED'"
            + " AND event_id = "
            + event);
  }

  private static Map<String, Long> reserved(long event) {
    return sql
        .sql("SELECT seat_id, reservation_id FROM reservation_seats WHERE event_id = ?")
        .param(event)
        .query((row, index) -> Map.entry(row.getString(1), row.getLong(2)))
        .stream()
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  private static byte[] bitmap(long event, int ordinal) {
    return sql.sql("SELECT taken FROM seat_sections WHERE event_id = ? AND ordinal = ?")
        .params(event, ordinal)
        .query((row, index) -> row.getBytes("taken"))
        .single();
  }

  /// Inserts an event with its rows, as ingress-api does.
  private static long event(SeatMap map, Integer holdMinutes) {
    sql.sql(
            """
            INSERT INTO events (event_name, total_seats, available_seats, event_date, hold_minutes,
                   seat_map_revision, decision_sequence)
            VALUES ('Show', ?, ?, '2037-01-01 10:00:00', ?, 1, 1)\
            """)
        .params(map.seatCount(), map.seatCount(), holdMinutes)
        .update();
    long id = count("SELECT MAX(id) FROM events");
    sql.sql("INSERT INTO seat_types VALUES (?, 'A', 10.00, ?, ?)")
        .params(id, map.seatCount(), map.seatCount())
        .update();
    sql.sql("INSERT INTO seat_maps VALUES (?, 1, ?, UTC_TIMESTAMP(6))")
        .params(id, map.toGzip())
        .update();
    SeatBitmap empty = SeatBitmap.empty(map);
    for (int ordinal = 0; ordinal < map.sections().size(); ordinal++) {
      SeatMap.Section section = map.sections().get(ordinal);
      sql.sql("INSERT INTO seat_sections VALUES (?, ?, ?, ?, ?)")
          .params(id, ordinal, section.name(), section.seatCount(), empty.section(ordinal))
          .update();
    }
    EventView state =
        EventView.builder(id, "Show", Instant.parse("2037-01-01T10:00:00Z"))
            .holdMinutes(holdMinutes)
            .seatMapRevision(1)
            .seatTypes(List.of(new SeatTypeView("A", PRICE, map.seatCount(), map.seatCount())))
            .build();
    sql.sql("INSERT INTO event_states VALUES (?, 1, ?, UTC_TIMESTAMP(6))")
        .params(id, Json.INTERNAL.writeValueAsString(state))
        .update();
    return id;
  }

  private static Command change(long event, SeatMap map, int seats) {
    UUID ticketId = UUID.randomUUID();
    sql.sql("INSERT INTO seat_map_changes VALUES (?, ?, ?, UTC_TIMESTAMP(6))")
        .params(ticketId.toString(), event, map.toGzip())
        .update();
    return new Command.ChangeSeats(
            ticketId, "admin", event, List.of(new SeatOffer("A", PRICE, seats)), now())
        .withSeatMap(SeatMapChange.REPLACE);
  }

  private static Ticket decide(Command command) {
    return office.decide(command.eventId(), List.of(command)).decided().getFirst().ticket();
  }

  private static Command.BookSeats best(long event, String user, int quantity) {
    return new Command.BookSeats(UUID.randomUUID(), user, event, "A", quantity, now());
  }

  private static Command.BookSeats exact(long event, String user, String... seats) {
    return best(event, user, seats.length).withSeats(List.of(seats), null);
  }

  private static Command cancel(long event, String user, long reservation) {
    return new Command.CancelReservation(UUID.randomUUID(), user, event, reservation, false, now());
  }

  private static long count(String query) {
    return sql.sql(query).query(Long.class).single();
  }

  private static String text(String query) {
    return sql.sql(query).query(String.class).single();
  }

  private static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.MICROS);
  }

  /// Sections `S0`, `S1`, ... of one row with the seats `0-1`, `0-2`, ... Earlier seats rank
  /// better.
  private static SeatMap hall(int sections, int seats) {
    String json =
        IntStream.range(0, sections)
            .mapToObj(section ->
                "{\"section\":\"S%d\",\"rows\":[{\"row\":\"1\",\"seats\":[%s]}]}"
                    .formatted(section, seatsOf(section, seats)))
            .collect(Collectors.joining(",", "{\"sections\":[", "]}"));
    return ((Parsed.Valid) SeatMap.parse(Json.INTERNAL.readTree(json), List.of("A"))).map();
  }

  private static String seatsOf(int section, int seats) {
    return IntStream.rangeClosed(1, seats)
        .mapToObj(seat ->
            "{\"id\":\"%d-%d\",\"seatType\":\"A\",\"rank\":%d,\"x\":%d,\"y\":%d}"
                .formatted(section, seat, section * 1000 + seat, seat, section))
        .collect(Collectors.joining(","));
  }
}
