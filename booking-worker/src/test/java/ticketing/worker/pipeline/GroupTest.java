package ticketing.worker.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import ticketing.domain.Command;
import ticketing.domain.Json;
import ticketing.domain.Reason;
import ticketing.domain.TicketStatus;
import ticketing.domain.seatmap.SeatBitmap;
import ticketing.domain.seatmap.SeatMap;
import ticketing.local.servers.LocalServers;
import ticketing.redis.RedisGateway;
import ticketing.status.StatusEntry;
import ticketing.worker.WorkerApplication;
import ticketing.worker.WorkerArguments;

/// Small batches of several events in one transaction. A call that blocks on a lock of a test ends
/// with a timeout.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GroupTest {

  private static final LocalServers SERVERS = LocalServers.shared();
  private static final int PLENTY = 10_000;

  private static ConfigurableApplicationContext worker;
  private static JdbcClient sql;
  private static BoxOffice boxOffice;

  @BeforeAll
  static void start() {
    String queue = "group-" + UUID.randomUUID();
    SERVERS.newQueues(queue);
    worker =
        SpringApplication.run(
            WorkerApplication.class,
            WorkerArguments.of(
                SERVERS,
                SERVERS.newDatabase(),
                queue,
                "--ticketing.worker.pipeline.max-concurrent-batches=1",
                "--ticketing.worker.pipeline.poll-wait=1s",
                "--ticketing.worker.pipeline.stop-timeout=5s"));
    sql = worker.getBean(JdbcClient.class);
    boxOffice = worker.getBean(BoxOffice.class);
  }

  @AfterAll
  static void stop() {
    worker.close();
  }

  @Test
  void groupIsDecidedInOneTransaction() {
    long first = event(PLENTY, 4, null);
    long second = event(PLENTY, null, 10);
    double transactions = countTransactions();

    Map<Long, CommittedBatch> committed =
        boxOffice.decideGroup(
            Map.of(
                first, List.of(book(first, "ann", 3), book(first, "ann", 2)),
                second, List.of(book(second, "ann", 3))));

    assertThat(countTransactions() - transactions).isEqualTo(1);
    assertThat(statuses(committed.get(first)))
        .containsExactly(TicketStatus.CONFIRMED, TicketStatus.REJECTED);
    assertThat(committed.get(first).decided().getLast().ticket().reason())
        .isEqualTo(Reason.LIMIT_EXCEEDED);
    assertThat(statuses(committed.get(second))).containsExactly(TicketStatus.HELD);
    assertThat(available(first)).isEqualTo(PLENTY - 3);
    assertThat(available(second)).isEqualTo(PLENTY - 3);
    assertThat(sequences(first)).containsExactly(2L, 3L);
    assertThat(sequences(second)).containsExactly(2L);
  }

  @Test
  void groupConfirmsAndCancelsReservations() {
    long first = event(PLENTY, null, 10);
    long second = event(PLENTY, null, null);
    long hold = reservation(boxOffice.decide(first, List.of(book(first, "ann", 1))));
    long booking = reservation(boxOffice.decide(second, List.of(book(second, "bob", 2))));

    Map<Long, CommittedBatch> committed =
        boxOffice.decideGroup(
            Map.of(
                first, List.of(confirm(first, "ann", hold)),
                second, List.of(cancel(second, "bob", booking))));

    assertThat(statuses(committed.get(first))).containsExactly(TicketStatus.CONFIRMED);
    assertThat(statuses(committed.get(second))).containsExactly(TicketStatus.CANCELLED);
    assertThat(available(second)).isEqualTo(PLENTY);
  }

  @Test
  void reservationOfAnotherEventIsNotFound() {
    long first = event(PLENTY, null, 10);
    long second = event(PLENTY, null, 10);
    long hold = reservation(boxOffice.decide(first, List.of(book(first, "ann", 1))));
    long other = reservation(boxOffice.decide(second, List.of(book(second, "ann", 1))));

    Map<Long, CommittedBatch> committed =
        boxOffice.decideGroup(
            Map.of(
                first, List.of(confirm(first, "ann", other)),
                second, List.of(confirm(second, "ann", hold))));

    assertThat(committed.values())
        .hasSize(2)
        .allSatisfy(batch ->
            assertThat(batch.decided().getFirst().ticket().reason())
                .isEqualTo(Reason.RESERVATION_NOT_FOUND));
  }

  @Test
  void groupAssignsNumberedSeats() {
    long first = numberedEvent();
    long second = numberedEvent();

    Map<Long, CommittedBatch> committed =
        boxOffice.decideGroup(
            Map.of(
                first, List.of(book(first, "ann", 2), book(first, "bob", 1)),
                second, List.of(book(second, "ann", 2))));

    assertThat(committed.get(first).decided())
        .extracting(entry -> entry.ticket().seats())
        .containsExactly(List.of("S1", "S2"), List.of("S3"));
    assertThat(committed.get(second).decided())
        .extracting(entry -> entry.ticket().seats())
        .containsExactly(List.of("S1", "S2"));
    assertThat(committed.get(second).changedSeats()).isNotNull();
    assertThat(count("SELECT COUNT(*) FROM reservation_seats WHERE event_id = " + first))
        .isEqualTo(3);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT id FROM events WHERE id = ? FOR UPDATE",
        "SELECT seat_type FROM seat_types WHERE event_id = ? FOR UPDATE",
        "SELECT ordinal FROM seat_sections WHERE event_id = ? FOR UPDATE",
        "SELECT id FROM reservations WHERE event_id = ? FOR UPDATE"
      })
  void eventWithLockedRowIsLeftOut(String lock) throws SQLException {
    long locked = numberedEvent();
    sql.sql("UPDATE events SET hold_minutes = 10 WHERE id = ?").param(locked).update();
    long hold = reservation(boxOffice.decide(locked, List.of(book(locked, "ann", 1))));
    long free = numberedEvent();
    try (Connection connection = worker.getBean(DataSource.class).getConnection()) {
      connection.setAutoCommit(false);
      try (var statement = connection.prepareStatement(lock)) {
        statement.setLong(1, locked);
        assertThat(statement.executeQuery().next()).isTrue();
        assertOnlyDecided(
            free,
            Map.of(
                locked,
                List.of(confirm(locked, "ann", hold)),
                free,
                List.of(book(free, "bob", 1))));
      } finally {
        connection.rollback();
        connection.setAutoCommit(true);
      }
    }
  }

  @Test
  void eventWithBusyLockIsLeftOut() {
    long locked = event(PLENTY, null, null);
    long free = event(PLENTY, null, null);
    RedisGateway redis = worker.getBean(RedisGateway.class);
    String key = "lock:event:" + locked;
    redis.call(client -> {
      client.getLock(key).lock(1, TimeUnit.MINUTES);
      return null;
    });
    try {
      assertOnlyDecided(
          free,
          Map.of(locked, List.of(book(locked, "ann", 1)), free, List.of(book(free, "bob", 1))));
      assertThat(isLocked(redis, "lock:event:" + free)).isFalse();
    } finally {
      redis.call(client -> client.getLock(key).forceUnlock());
    }
  }

  @Test
  void lockOfAnotherTypeLeavesItsEventOut() {
    long garbage = event(PLENTY, null, null);
    long free = event(PLENTY, null, null);
    RedisGateway redis = worker.getBean(RedisGateway.class);
    redis.call(client -> {
      client.getBucket("lock:event:" + garbage).set("foreign");
      return null;
    });
    try {
      assertOnlyDecided(
          free,
          Map.of(garbage, List.of(book(garbage, "ann", 1)), free, List.of(book(free, "bob", 1))));
    } finally {
      redis.call(client -> client.getKeys().delete("lock:event:" + garbage));
    }
  }

  @Test
  void eventWithFurtherTransactionsIsLeftOut() {
    long free = event(PLENTY, null, null);
    long scarce = event(10, null, null);
    long waitingList = event(PLENTY, null, null);
    sql.sql("UPDATE events SET waiting_list = TRUE, offer_minutes = 10 WHERE id = ?")
        .param(waitingList)
        .update();
    long due = event(PLENTY, null, 10);
    boxOffice.decide(due, List.of(book(due, "ann", 1)));
    sql.sql("UPDATE reservations SET expires_at = '2020-01-01' WHERE event_id = ?")
        .param(due)
        .update();
    long missing = Long.MAX_VALUE;

    assertOnlyDecided(
        free,
        Stream.of(free, scarce, waitingList, due, missing)
            .collect(Collectors.toMap(id -> id, id -> List.of(book(id, "bob", 1)))));
  }

  private static void assertOnlyDecided(long event, Map<Long, List<Command>> batches) {
    long tickets = count("SELECT COUNT(*) FROM tickets");
    assertThat(boxOffice.decideGroup(batches)).containsOnlyKeys(event);
    assertThat(count("SELECT COUNT(*) FROM tickets") - tickets).isEqualTo(1);
  }

  @Test
  void groupReturnsStoredDecisions() {
    long first = event(PLENTY, null, null);
    long second = event(PLENTY, null, null);
    Command decided = book(first, "ann", 1);
    StatusEntry stored = boxOffice.decide(first, List.of(decided)).decided().getFirst();

    Map<Long, CommittedBatch> committed =
        boxOffice.decideGroup(
            Map.of(
                first, List.of(decided, book(first, "bob", 1)),
                second, List.of(book(second, "bob", 1))));

    assertThat(committed.get(first).known()).containsExactly(stored);
    assertThat(committed.get(first).decided()).hasSize(1);
    assertThat(committed.get(second).known()).isEmpty();
    assertThat(available(first)).isEqualTo(PLENTY - 2);
  }

  /// While the only permit is in use, the commands of the other events gather.
  @Test
  void waitingEventsShareTransactions() throws SQLException {
    long blocked = event(PLENTY, null, null);
    List<Long> events = IntStream.range(0, 20).mapToObj(_ -> event(PLENTY, null, null)).toList();
    long violating = events.get(7);
    sql.sql(
            """
            INSERT INTO reservations (ticket_id, event_id, user_id, quantity, seat_type,
                   total_price, status, reserved_at)
            VALUES (?, ?, 'eve', 3, 'A', 30.00, 'CONFIRMED', UTC_TIMESTAMP(6))\
            """)
        .params(UUID.randomUUID().toString(), violating)
        .update();
    InMemoryCommandQueue queue = new InMemoryCommandQueue();
    CommandListener listener = queue.startListener(worker);
    try {
      double transactions = countTransactions();
      try (Connection connection = worker.getBean(DataSource.class).getConnection()) {
        connection.setAutoCommit(false);
        connection
            .createStatement()
            .executeQuery("SELECT id FROM events WHERE id = " + blocked + " FOR UPDATE");
        queue.send(List.of(book(blocked, "ann", 1)));
        awaitBlocked(blocked);
        List<Command> commands = new ArrayList<>();
        events.forEach(id -> commands.addAll(List.of(book(id, "ann", 1), book(id, "bob", 2))));
        queue.send(commands);
        await().until(queue::isReceived);
        connection.rollback();
        connection.setAutoCommit(true);
      }
      await().atMost(Duration.ofSeconds(30)).until(() -> queue.acknowledged() == 41);

      assertThat(events).allSatisfy(id -> assertThat(available(id)).isEqualTo(PLENTY - 3));
      assertThat(countTransactions() - transactions).isLessThan(10);

      // A command that fails affects no other event.
      long reservation = count("SELECT MAX(id) FROM reservations WHERE user_id = 'eve'");
      sql.sql("UPDATE seat_types SET available_seats = total_seats WHERE event_id = ?")
          .param(violating)
          .update();
      try (Connection connection = worker.getBean(DataSource.class).getConnection()) {
        connection.setAutoCommit(false);
        connection
            .createStatement()
            .executeQuery("SELECT id FROM events WHERE id = " + blocked + " FOR UPDATE");
        queue.send(List.of(book(blocked, "bob", 1)));
        awaitBlocked(blocked);
        List<Command> commands = new ArrayList<>();
        events.forEach(id ->
            commands.add(id == violating ? cancel(id, "eve", reservation) : book(id, "eve", 1)));
        queue.send(commands);
        await().until(queue::isReceived);
        connection.rollback();
        connection.setAutoCommit(true);
      }
      await().atMost(Duration.ofSeconds(30)).until(() -> queue.acknowledged() == 61);
      assertThat(queue.released()).hasSize(1);
      assertThat(events)
          .filteredOn(id -> id != violating)
          .allSatisfy(id -> assertThat(available(id)).isEqualTo(PLENTY - 4));
    } finally {
      listener.stop();
    }
  }

  /// Blocks until a transaction blocks on the row of the event.
  private static void awaitBlocked(long event) {
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() ->
            count(
                    "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE()"
                        + " AND INFO LIKE '%FROM events WHERE id = "
                        + event
                        + " FOR UPDATE'")
                > 0);
  }

  private static boolean isLocked(RedisGateway redis, String key) {
    return redis.call(client -> client.getLock(key).isLocked());
  }

  private static List<TicketStatus> statuses(CommittedBatch batch) {
    return batch.decided().stream().map(entry -> entry.ticket().status()).toList();
  }

  private static long reservation(CommittedBatch batch) {
    return batch.decided().getFirst().ticket().reservationId();
  }

  private static double countTransactions() {
    return worker.getBean(MeterRegistry.class).get("ticketing.transaction").timer().count();
  }

  private static List<Long> sequences(long event) {
    return sql.sql("SELECT sequence FROM tickets WHERE event_id = ? ORDER BY sequence")
        .param(event)
        .query(Long.class)
        .list();
  }

  private static long available(long event) {
    long ofEvent = count("SELECT available_seats FROM events WHERE id = " + event);
    assertThat(count("SELECT SUM(available_seats) FROM seat_types WHERE event_id = " + event))
        .isEqualTo(ofEvent);
    return ofEvent;
  }

  private static long count(String query) {
    return sql.sql(query).query(Long.class).single();
  }

  private static long event(int seats, Integer limit, Integer holdMinutes) {
    sql.sql(
            """
            INSERT INTO events (event_name, total_seats, available_seats, event_date,
                   max_seats_per_user, hold_minutes)
            VALUES ('Show', ?, ?, '2099-01-01 10:00:00', ?, ?)\
            """)
        .params(seats, seats, limit, holdMinutes)
        .update();
    long id = count("SELECT MAX(id) FROM events");
    sql.sql("INSERT INTO seat_types VALUES (?, 'A', 10.00, ?, ?)")
        .params(id, seats, seats)
        .update();
    return id;
  }

  /// Event with one row of 400 numbered seats.
  private static long numberedEvent() {
    long id = event(400, null, null);
    String seats =
        IntStream.rangeClosed(1, 400)
            .mapToObj(
                "{\"id\":\"S%1$d\",\"seatType\":\"A\",\"rank\":1,\"x\":%1$d,\"y\":1}"::formatted)
            .collect(Collectors.joining(","));
    String json =
        "{\"sections\":[{\"section\":\"S\",\"rows\":[{\"row\":\"1\",\"seats\":[" + seats + "]}]}]}";
    SeatMap map =
        ((SeatMap.Parsed.Valid) SeatMap.parse(Json.INTERNAL.readTree(json), List.of("A"))).map();
    sql.sql("UPDATE events SET seat_map_revision = 1 WHERE id = ?").param(id).update();
    sql.sql("INSERT INTO seat_maps VALUES (?, 1, ?, UTC_TIMESTAMP(6))")
        .params(id, map.toGzip())
        .update();
    sql.sql(
            """
            INSERT INTO seat_sections (event_id, ordinal, section, seat_count, taken)
            VALUES (?, 0, 'S', 400, ?)\
            """)
        .params(id, SeatBitmap.empty(map).section(0))
        .update();
    return id;
  }

  private static Command book(long event, String user, int quantity) {
    return new Command.BookSeats(UUID.randomUUID(), user, event, "A", quantity, now());
  }

  private static Command confirm(long event, String user, long reservation) {
    return new Command.ConfirmHold(UUID.randomUUID(), user, event, reservation, now());
  }

  private static Command cancel(long event, String user, long reservation) {
    return new Command.CancelReservation(UUID.randomUUID(), user, event, reservation, false, now());
  }

  private static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.MICROS);
  }
}
