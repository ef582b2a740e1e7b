package ticketing.systemtest.oracle;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import ticketing.domain.Reason;
import ticketing.domain.TicketStatus;
import ticketing.systemtest.client.AcceptedRequest;
import ticketing.systemtest.client.TestClients;
import ticketing.systemtest.fleet.Fleet;

/// Judges, when all is calm again, every request that was ever answered 202: exactly one end, the
/// same by poll, by WebSocket and in the tables; and the tables among themselves.
public final class Oracle {

  private static final Duration END = Duration.ofSeconds(90);
  private static final long POLL_MILLIS = 100;
  private static final int AT_ONCE = 32;

  /// What must have no row.
  private static final Map<String, String> NEVER =
      Map.of(
          "seats of a type: available + held + confirmed <> total",
          """
          SELECT CONCAT('event ', s.event_id, ' ', s.seat_type, ': ', s.available_seats, ' + ',
              COALESCE(SUM(r.quantity), 0), ' <> ', s.total_seats)
          FROM seat_types s LEFT JOIN reservations r ON r.event_id = s.event_id
            AND r.seat_type = s.seat_type AND r.status IN ('HELD', 'CONFIRMED')
          GROUP BY s.event_id, s.seat_type, s.available_seats, s.total_seats
          HAVING s.available_seats + COALESCE(SUM(r.quantity), 0) <> s.total_seats
          """,
          "seats of an event <> seats of its types",
          """
          SELECT CONCAT('event ', e.id) FROM events e JOIN seat_types s ON s.event_id = e.id
          GROUP BY e.id, e.available_seats, e.total_seats
          HAVING SUM(s.available_seats) <> e.available_seats OR SUM(s.total_seats) <> e.total_seats
          """,
          "a reservation without the ticket that booked it",
          """
          SELECT r.id FROM reservations r LEFT JOIN tickets t ON t.id = r.ticket_id
            AND t.action = 'BOOK' AND t.decision IN ('HELD', 'CONFIRMED')
            AND t.reservation_id = r.id AND t.user_id = r.user_id AND t.event_id = r.event_id
            AND t.seat_type = r.seat_type AND t.quantity = r.quantity
          WHERE t.id IS NULL
          """,
          "a booking without its reservation",
          """
          SELECT t.id FROM tickets t LEFT JOIN reservations r ON r.ticket_id = t.id
          WHERE t.action = 'BOOK' AND t.decision IN ('HELD', 'CONFIRMED') AND r.id IS NULL
          """,
          "a cancellation that is none, or the other way round",
          """
          SELECT r.id FROM reservations r LEFT JOIN tickets t ON t.reservation_id = r.id
            AND t.action = 'CANCEL' AND t.decision = 'CANCELLED'
          GROUP BY r.id, r.status HAVING COUNT(t.id) <> (r.status = 'CANCELLED')
          """,
          "an expired reservation that was confirmed, or never held",
          """
          SELECT r.id FROM reservations r JOIN tickets t ON t.reservation_id = r.id
          WHERE r.status = 'EXPIRED' AND t.decision IN ('CONFIRMED', 'CANCELLED')
          """,
          "a hold that should have expired",
          """
          SELECT r.id FROM reservations r
          WHERE r.status = 'HELD' AND r.expires_at < UTC_TIMESTAMP(6) - INTERVAL 15 SECOND
          """,
          "a user above the limit",
          """
          SELECT CONCAT(r.user_id, ' in event ', r.event_id) FROM reservations r
          JOIN events e ON e.id = r.event_id
          WHERE r.status IN ('HELD', 'CONFIRMED')
          GROUP BY r.user_id, r.event_id, e.max_seats_per_user
          HAVING SUM(r.quantity) > e.max_seats_per_user
          """);

  private record Row(AcceptedRequest.End end, String userId) {}

  private final Fleet fleet;
  private final TestClients crowd;
  private final Duration patience;

  public Oracle(Fleet fleet, TestClients crowd) {
    this(fleet, crowd, END);
  }

  /// @param patience how long each ticket may take from now to its end, and then to its push
  public Oracle(Fleet fleet, TestClients crowd, Duration patience) {
    this.fleet = fleet;
    this.crowd = crowd;
    this.patience = patience;
  }

  /// Waits for what is still to come, then judges.
  ///
  /// @return what is broken, empty if nothing
  public List<String> judge() throws InterruptedException, SQLException {
    try (Connection connection = fleet.servers().connect()) {
      return judge(connection);
    }
  }

  /// As [#judge()], by what this connection sees of the tables.
  public List<String> judge(Connection connection) throws InterruptedException, SQLException {
    List<String> broken = new ArrayList<>(crowd.wrong());
    broken.addAll(pollAll());
    awaitPushes();
    Map<UUID, Row> ledger = new HashMap<>();
    readLedger(connection, ledger);
    for (Map.Entry<String, String> rule : NEVER.entrySet()) {
      for (String row : strings(connection, rule.getValue())) {
        broken.add(rule.getKey() + ": " + row);
      }
    }
    crowd.claims().forEach(claim -> judge(claim, ledger.get(claim.accepted().ticketId()), broken));
    return broken;
  }

  private static void judge(AcceptedRequest claim, Row row, List<String> broken) {
    String who = claim.accepted().action() + " " + claim.accepted().ticketId();
    if (row == null) {
      broken.add(who + " was accepted and is in no table");
      return;
    }
    if (!row.userId().equals(claim.userId())) {
      broken.add(who + " belongs to " + row.userId() + " instead of " + claim.userId());
    }
    if (claim.pushed().isEmpty()) {
      broken.add(who + " was never pushed");
    }
    Set<AcceptedRequest.End> told = new HashSet<>(claim.polled());
    told.addAll(claim.pushed());
    // Given up and decided after all: the one second state there may be.
    told.removeIf(end -> end.reason() == Reason.GAVE_UP && row.end().reason() != Reason.GAVE_UP);
    if (!told.equals(Set.of(row.end()))) {
      broken.add(who + ": told " + told + ", in the table " + row.end());
    }
  }

  /// The last poll of each, now that nothing should change any more.
  private Collection<String> pollAll() throws InterruptedException {
    Collection<String> late = new ConcurrentLinkedQueue<>();
    try (ExecutorService threads =
        Executors.newFixedThreadPool(AT_ONCE, Thread.ofVirtual().factory())) {
      for (AcceptedRequest claim : crowd.claims()) {
        threads.submit(
            () -> {
              try {
                crowd.await(claim, patience);
              } catch (AssertionError e) {
                late.add(e.getMessage());
              }
              return null;
            });
      }
    }
    return late;
  }

  private void awaitPushes() throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (crowd.claims().stream().anyMatch(claim -> claim.pushed().isEmpty())
        && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
  }

  private static void readLedger(Connection connection, Map<UUID, Row> ledger) throws SQLException {
    try (var statement = connection.createStatement();
        var rows =
            statement.executeQuery(
                """
                SELECT id, user_id, decision, reason, reservation_id, decided_at FROM tickets
                """)) {
      while (rows.next()) {
        String reason = rows.getString(4);
        AcceptedRequest.End end =
            new AcceptedRequest.End(
                TicketStatus.valueOf(rows.getString(3)),
                reason == null ? null : Reason.valueOf(reason),
                rows.getObject(5, Long.class),
                rows.getObject(6, LocalDateTime.class).toInstant(ZoneOffset.UTC));
        ledger.put(UUID.fromString(rows.getString(1)), new Row(end, rows.getString(2)));
      }
    }
  }

  private static List<String> strings(Connection connection, String query) throws SQLException {
    List<String> strings = new ArrayList<>();
    try (var statement = connection.createStatement();
        var rows = statement.executeQuery(query)) {
      while (rows.next()) {
        strings.add(rows.getString(1));
      }
    }
    return strings;
  }
}
