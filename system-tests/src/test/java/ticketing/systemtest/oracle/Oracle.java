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
import java.util.PriorityQueue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import ticketing.client.Ticket;
import ticketing.systemtest.client.AcceptedRequest;
import ticketing.systemtest.client.TestClients;
import ticketing.systemtest.fleet.Fleet;
import ticketing.worker.audit.AuditResult;
import ticketing.worker.audit.SaleAudit;

/// Checks of the guarantees after a test. Each request with the response 202 has exactly one final
/// state, which is equal in the polls, the frames and the tables; and the tables are consistent.
public final class Oracle {

  private static final Duration DECISION_TIMEOUT = Duration.ofSeconds(90);
  private static final long POLL_INTERVAL = 100; // ms
  private static final int CONCURRENT_POLLS = 32;
  private static final int MAX_OVERTAKEN = 10; // times

  /// Queries by name of the violation. A row is a violation.
  private static final Map<String, String> CONSISTENCY_RULES =
      Map.of(
          "seats of a type: available + kept + held + confirmed <> total",
          """
          SELECT CONCAT('event ', s.event_id, ' ', s.seat_type, ': ',
              s.available_seats + s.kept_seats, ' + ',
              COALESCE(SUM(r.quantity), 0), ' <> ', s.total_seats)
          FROM seat_types s LEFT JOIN reservations r ON r.event_id = s.event_id
            AND r.seat_type = s.seat_type AND r.status IN ('HELD', 'CONFIRMED')
          GROUP BY s.event_id, s.seat_type, s.available_seats, s.kept_seats, s.total_seats
          HAVING s.available_seats + s.kept_seats + COALESCE(SUM(r.quantity), 0) <> s.total_seats
          """,
          "seats of an event <> seats of its types",
          """
          SELECT CONCAT('event ', e.id) FROM events e JOIN seat_types s ON s.event_id = e.id
          GROUP BY e.id, e.available_seats, e.total_seats
          HAVING SUM(s.available_seats) <> e.available_seats OR SUM(s.total_seats) <> e.total_seats
          """,
          "a reservation without its ticket",
          """
          SELECT r.id FROM reservations r LEFT JOIN tickets t ON t.id = r.ticket_id
            AND IF(r.offer, t.action = 'JOIN' AND t.decision = 'JOINED',
              t.action = 'BOOK' AND t.decision IN ('HELD', 'CONFIRMED')
              AND t.reservation_id = r.id AND COALESCE(t.seats, '') = COALESCE(r.seats, ''))
            AND t.user_id = r.user_id AND t.event_id = r.event_id
            AND t.seat_type = r.seat_type AND t.quantity = r.quantity
          WHERE t.id IS NULL
          """,
          "a booking without its reservation",
          """
          SELECT t.id FROM tickets t LEFT JOIN reservations r ON r.ticket_id = t.id
          WHERE t.action = 'BOOK' AND t.decision IN ('HELD', 'CONFIRMED') AND r.id IS NULL
          """,
          "a cancelled reservation without its ticket, or the reverse",
          """
          SELECT r.id FROM reservations r LEFT JOIN (
              SELECT DISTINCT reservation_id FROM tickets
              WHERE action = 'CANCEL' AND decision = 'CANCELLED'
            ) c ON c.reservation_id = r.id
          WHERE (c.reservation_id IS NOT NULL) <> (r.status = 'CANCELLED')
          """,
          "an expired reservation with a later decision",
          """
          SELECT r.id FROM tickets t STRAIGHT_JOIN reservations r ON r.id = t.reservation_id
          WHERE r.status = 'EXPIRED' AND t.decision IN ('CONFIRMED', 'CANCELLED')
          """,
          "a hold after its expiry",
          """
          SELECT r.id FROM reservations r
          WHERE r.status = 'HELD' AND r.expires_at < UTC_TIMESTAMP(6) - INTERVAL 15 SECOND
          """,
          "a taken seat without its reservation",
          """
          SELECT CONCAT('event ', s.event_id, ' ', s.seat_id) FROM reservation_seats s
          LEFT JOIN reservations r ON r.id = s.reservation_id AND r.event_id = s.event_id
            AND r.status IN ('HELD', 'CONFIRMED') AND FIND_IN_SET(s.seat_id, r.seats) > 0
          WHERE r.id IS NULL
          """,
          "a numbered reservation without its seats, or seats of an ended one",
          """
          SELECT r.id FROM reservations r
          JOIN events e ON e.id = r.event_id AND e.seat_map_revision IS NOT NULL
          LEFT JOIN reservation_seats s ON s.reservation_id = r.id
          GROUP BY r.id, r.status, r.quantity
          HAVING COUNT(s.seat_id) <> IF(r.status IN ('HELD', 'CONFIRMED'), r.quantity, 0)
          """,
          "a user above the limit",
          """
          SELECT CONCAT(r.user_id, ' in event ', r.event_id) FROM reservations r
          JOIN events e ON e.id = r.event_id
          WHERE r.status IN ('HELD', 'CONFIRMED')
          GROUP BY r.user_id, r.event_id, e.max_seats_per_user
          HAVING SUM(r.quantity) > e.max_seats_per_user
          """);

  /// As [#CONSISTENCY_RULES], for waiting lists.
  private static final Map<String, String> WAITING_LIST_RULES =
      Map.of(
          "an offer without its entry, or the reverse",
          """
          SELECT r.id FROM reservations r LEFT JOIN waiting_entries w ON w.ticket_id = r.ticket_id
            AND w.status = 'OFFERED' AND w.user_id = r.user_id AND w.quantity = r.quantity
          WHERE r.offer AND w.id IS NULL
          UNION ALL
          SELECT w.id FROM waiting_entries w LEFT JOIN reservations r ON r.ticket_id = w.ticket_id
            AND r.offer
          WHERE w.status = 'OFFERED' AND r.id IS NULL
          """,
          "a user who waits twice for an event",
          """
          SELECT CONCAT(user_id, ' in event ', event_id) FROM waiting_entries
          WHERE status = 'WAITING' GROUP BY user_id, event_id HAVING COUNT(*) > 1
          """,
          "a wrong number of waiting parties",
          """
          SELECT CONCAT('event ', s.event_id, ' ', s.seat_type) FROM seat_types s
          LEFT JOIN waiting_entries w ON w.event_id = s.event_id AND w.seat_type = s.seat_type
            AND w.status = 'WAITING'
          GROUP BY s.event_id, s.seat_type, s.waiting_parties
          HAVING COUNT(w.id) <> s.waiting_parties
          """);

  private record LedgerRow(AcceptedRequest.FinalState state, String userId) {}

  private final Fleet fleet;
  private final TestClients clients;
  private final Duration timeout;

  public Oracle(Fleet fleet, TestClients clients) {
    this(fleet, clients, DECISION_TIMEOUT);
  }

  /// @param timeout limit from the check to the decision of each ticket, and again to its push
  public Oracle(Fleet fleet, TestClients clients, Duration timeout) {
    this.fleet = fleet;
    this.clients = clients;
    this.timeout = timeout;
  }

  /// Polls all tickets until they are decided and pushed, then checks the guarantees.
  ///
  /// @return violations; empty if there are none
  public List<String> check() throws InterruptedException, SQLException {
    try (Connection connection = fleet.servers().connect()) {
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      return check(connection);
    }
  }

  /// As [#check()], with the rows that are visible to this connection.
  public List<String> check(Connection connection) throws InterruptedException, SQLException {
    List<String> violations = new ArrayList<>(clients.violations());
    violations.addAll(pollAll());
    awaitPushes();
    Map<UUID, LedgerRow> ledger = new HashMap<>();
    readLedger(connection, ledger);
    for (Map<String, String> rules : List.of(CONSISTENCY_RULES, WAITING_LIST_RULES)) {
      for (Map.Entry<String, String> rule : rules.entrySet()) {
        for (String row : strings(connection, rule.getValue())) {
          violations.add(rule.getKey() + ": " + row);
        }
      }
    }
    violations.addAll(findOvertaken(connection));
    violations.addAll(replay(connection));
    clients
        .requests()
        .forEach(request -> check(request, ledger.get(request.accepted().ticketId()), violations));
    return violations;
  }

  /// Finds parties that waited while more than 10 later ones got offers. In the order of the ends
  /// of the entries, this keeps the latest 11 entries with an offer: the first of them tells
  /// whether 11 later ones overtook a party.
  private static List<String> findOvertaken(Connection connection) throws SQLException {
    List<String> overtaken = new ArrayList<>();
    Map<String, PriorityQueue<Long>> latestOffers = new HashMap<>();
    try (var statement = connection.createStatement();
        var rows =
            statement.executeQuery(
                """
                SELECT id, CONCAT(event_id, ' ', seat_type), sequence, status = 'OFFERED'
                FROM waiting_entries WHERE status IN ('OFFERED', 'WAITING')
                ORDER BY ended_sequence IS NULL, ended_sequence
                """)) {
      while (rows.next()) {
        PriorityQueue<Long> latest =
            latestOffers.computeIfAbsent(rows.getString(2), key -> new PriorityQueue<>());
        long sequence = rows.getLong(3);
        if (latest.size() > MAX_OVERTAKEN && latest.peek() > sequence) {
          overtaken.add("a party overtaken more than 10 times: " + rows.getLong(1));
        }
        if (rows.getBoolean(4)) {
          latest.add(sequence);
          if (latest.size() > MAX_OVERTAKEN + 1) {
            latest.remove();
          }
        }
      }
    }
    return overtaken;
  }

  /// Replays the decisions of all events. Each event is read from one snapshot, because holds may
  /// expire meanwhile.
  private static List<String> replay(Connection connection) throws SQLException {
    boolean ownTransactions = connection.getAutoCommit();
    List<String> violations = new ArrayList<>();
    SaleAudit audit = new SaleAudit(connection);
    for (long eventId : audit.eventIds()) {
      if (ownTransactions) {
        connection.setAutoCommit(false);
      }
      switch (audit.audit(eventId)) {
        case AuditResult.Unexplained(long event, AuditResult.Difference difference) ->
            violations.add("replay of event " + event + ": " + difference);
        case AuditResult.Explained _, AuditResult.Skipped _ -> {}
      }
      if (ownTransactions) {
        connection.setAutoCommit(true);
      }
    }
    return violations;
  }

  private static void check(AcceptedRequest request, LedgerRow row, List<String> violations) {
    String name = request.accepted().action() + " " + request.accepted().ticketId();
    if (row == null) {
      violations.add(name + " was accepted and is in no table");
      return;
    }
    if (!row.userId().equals(request.userId())) {
      violations.add(name + " belongs to " + row.userId() + " instead of " + request.userId());
    }
    if (request.pushed().isEmpty()) {
      violations.add(name + " was not pushed");
    }
    Set<AcceptedRequest.FinalState> states = new HashSet<>(request.polled());
    states.addAll(request.pushed());
    // The decision after a redrive may replace this state.
    states.removeIf(state -> isGivenUp(state) && !isGivenUp(row.state()));
    if (!states.equals(Set.of(row.state()))) {
      violations.add(name + ": client has " + states + ", in the table " + row.state());
    }
  }

  private static boolean isGivenUp(AcceptedRequest.FinalState state) {
    return "GAVE_UP".equals(state.reason());
  }

  /// Polls each ticket a last time.
  private Collection<String> pollAll() throws InterruptedException {
    Collection<String> late = new ConcurrentLinkedQueue<>();
    try (ExecutorService threads =
        Executors.newFixedThreadPool(CONCURRENT_POLLS, Thread.ofVirtual().factory())) {
      for (AcceptedRequest request : clients.requests()) {
        threads.submit(() -> {
          try {
            clients.await(request, timeout);
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
    long deadline = System.nanoTime() + timeout.toNanos();
    while (clients.requests().stream().anyMatch(request -> request.pushed().isEmpty())
        && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(POLL_INTERVAL);
    }
  }

  private static void readLedger(Connection connection, Map<UUID, LedgerRow> ledger)
      throws SQLException {
    try (var statement = connection.createStatement();
        var rows =
            statement.executeQuery(
                """
                SELECT id, user_id, decision, reason, reservation_id, decided_at FROM tickets
                """)) {
      while (rows.next()) {
        AcceptedRequest.FinalState state =
            new AcceptedRequest.FinalState(
                Ticket.Status.valueOf(rows.getString(3)),
                rows.getString(4),
                rows.getObject(5, Long.class),
                rows.getObject(6, LocalDateTime.class).toInstant(ZoneOffset.UTC));
        ledger.put(UUID.fromString(rows.getString(1)), new LedgerRow(state, rows.getString(2)));
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
