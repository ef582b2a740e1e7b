package ticketing.simulation.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import ticketing.database.DatabaseErrors;
import ticketing.local.servers.LocalServers;
import ticketing.simulation.database.DatabaseFaults;
import ticketing.simulation.database.SimulatedConnection;
import ticketing.simulation.database.SimulatedDatabase;

/// The simulated database and MariaDB, or MySQL, give the same results for the statements, the
/// locks and the errors on which the guarantees depend.
class DatabaseContractTest {

  private static final BigDecimal PRICE = new BigDecimal("10.00");
  private static final LocalDateTime TIME = LocalDateTime.parse("2026-12-24T10:00:00.123456");

  @Test
  void simulatedDatabaseBehavesAsTheRealOne() throws Exception {
    LocalServers servers = LocalServers.shared();
    DriverManagerDataSource real =
        new DriverManagerDataSource(
            servers.newDatabase(), servers.databaseUser(), servers.databasePassword());
    Flyway.configure().dataSource(real).load().migrate();
    List<String> expected = new Environment.Real().run(environment -> observe(environment, real));
    Environment.Simulated simulated = new Environment.Simulated();
    DatabaseFaults faults = new DatabaseFaults();
    DataSource database =
        SimulatedConnection.dataSource(
            simulated.kernel,
            simulated.process,
            new SimulatedDatabase(simulated.kernel, faults),
            faults);
    assertThat(simulated.run(environment -> observe(environment, database)))
        .isEqualTo(expected)
        .hasSizeGreaterThan(20);
  }

  private static List<String> observe(Environment environment, DataSource database)
      throws Exception {
    List<String> observed = new CopyOnWriteArrayList<>();
    try (Connection first = connect(database);
        Connection second = connect(database)) {
      insertEvents(first);
      observed.add("uncommitted " + query(second, "SELECT COUNT(*) FROM events"));
      first.commit();
      second.rollback();
      observed.add("committed " + query(second, "SELECT id, available_seats FROM events"));
      second.rollback();
      constraints(first, observed);
      reservations(first, observed);
      waitingList(first, observed);
      seats(first, observed);
      locks(environment, first, second, observed);
      deadlock(environment, first, second, observed);
    }
    return observed;
  }

  private static Connection connect(DataSource database) throws SQLException {
    Connection connection = database.getConnection();
    connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
    connection.setAutoCommit(false);
    return connection;
  }

  private static void insertEvents(Connection connection) throws SQLException {
    for (int i = 1; i <= 2; i++) {
      update(
          connection,
          "INSERT INTO events (event_name, total_seats, available_seats, event_date, status,"
              + " version, revision) VALUES (?, ?, ?, ?, ?, ?, ?)",
          "Concert",
          5,
          5,
          TIME,
          "ACTIVE",
          0,
          1);
    }
    for (int i = 1; i <= 2; i++) {
      update(
          connection,
          "INSERT INTO seat_types (event_id, seat_type, price, total_seats, available_seats)"
              + " VALUES (?, ?, ?, ?, ?)",
          i,
          "A",
          PRICE,
          5,
          5);
    }
  }

  private static void constraints(Connection connection, List<String> observed)
      throws SQLException {
    observed.add(
        "relative "
            + attempt(
                connection,
                "UPDATE events SET available_seats = available_seats + ?, version = version + 1"
                    + " WHERE id = ?",
                -3,
                1));
    observed.add(
        "check "
            + attempt(
                connection,
                "UPDATE events SET available_seats = available_seats + ? WHERE id = ?",
                -3,
                1));
    observed.add(
        "above total "
            + attempt(
                connection,
                "UPDATE seat_types SET available_seats = available_seats + ? WHERE event_id = ? AND"
                    + " seat_type = ?",
                1,
                1,
                "A"));
    observed.add(
        "value " + query(connection, "SELECT available_seats, version FROM events WHERE id = 1"));
    connection.rollback();
    observed.add(
        "rolled back " + query(connection, "SELECT available_seats FROM events WHERE id = 1"));
    String ticket =
        "INSERT INTO tickets (id, action, user_id, event_id, decision, reason, accepted_at,"
            + " decided_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    observed.add(
        "ticket "
            + attempt(connection, ticket, "t1", "BOOK", "u", 1, "REJECTED", "GAVE_UP", TIME, TIME));
    observed.add(
        "duplicate "
            + attempt(connection, ticket, "t1", "BOOK", "u", 1, "REJECTED", null, TIME, TIME));
    observed.add(
        "other case "
            + attempt(
                connection,
                ticket,
                "T1",
                "BOOK",
                "u",
                1,
                "REJECTED",
                null,
                TIME,
                TIME.plusDays(1)));
    connection.commit();
    observed.add(
        "last "
            + query(
                connection,
                "SELECT id, accepted_at FROM tickets WHERE event_id = 1 ORDER BY decided_at DESC"
                    + " LIMIT 1"));
    observed.add(
        "delete "
            + attempt(
                connection,
                "DELETE FROM tickets WHERE id IN (?, ?) AND reason = 'GAVE_UP'",
                "t1",
                "T1"));
    observed.add(
        "insert in place "
            + attempt(connection, ticket, "t1", "BOOK", "u", 1, "CONFIRMED", null, TIME, TIME));
    connection.commit();
    observed.add("tickets " + query(connection, "SELECT id, decision FROM tickets ORDER BY id"));
    String letter =
        "INSERT INTO dead_letters (message_id, body, receive_count, first_seen_at, given_up_at)"
            + " VALUES (?, ?, ?, ?, ?)"
            + " ON DUPLICATE KEY UPDATE given_up_at = VALUES(given_up_at), redriven_at = NULL";
    attempt(connection, letter, "m1", "body", 1, TIME, TIME);
    attempt(connection, letter, "m1", "other", 2, TIME, TIME.plusDays(1));
    observed.add(
        "upsert "
            + query(
                connection,
                "SELECT body, receive_count, given_up_at, discarded_at IS NOT NULL AS discarded,"
                    + " given_up_at IS NOT NULL AND redriven_at IS NULL AS given_up FROM"
                    + " dead_letters"));
    attempt(connection, "INSERT INTO redrives (ticket_id, started_at) VALUES (?, ?)", null, TIME);
    attempt(connection, "INSERT INTO redrives (ticket_id, started_at) VALUES (?, ?)", "t1", TIME);
    attempt(
        connection,
        "INSERT INTO redrives (ticket_id, started_at) VALUES (?, ?)",
        "t1",
        TIME.plusDays(1));
    observed.add(
        "redrives "
            + sorted(
                query(
                    connection,
                    "SELECT ticket_id, MAX(started_at) AS started_at FROM redrives"
                        + " WHERE ticket_id IS NULL OR ticket_id IN ('t1') GROUP BY ticket_id")));
    connection.commit();
  }

  private static void reservations(Connection connection, List<String> observed)
      throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "INSERT INTO reservations (ticket_id, event_id, user_id, quantity, seat_type,"
                + " total_price, status, reserved_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?,"
                + " ?)",
            Statement.RETURN_GENERATED_KEYS)) {
      for (int i = 0; i < 4; i++) {
        set(
            statement,
            "r" + i,
            1 + i % 2,
            "user" + i / 2,
            1 + i,
            "A",
            PRICE,
            "HELD",
            TIME,
            TIME.plusSeconds(10 - i));
        statement.addBatch();
      }
      statement.executeBatch();
      List<Long> ids = new ArrayList<>();
      try (ResultSet keys = statement.getGeneratedKeys()) {
        while (keys.next()) {
          ids.add(keys.getLong(1));
        }
      }
      observed.add("ids " + ids);
    }
    observed.add(
        "sum "
            + sorted(
                query(
                    connection,
                    "SELECT user_id, SUM(quantity) AS seats FROM reservations WHERE event_id = 1"
                        + " AND status IN ('CONFIRMED', 'HELD') GROUP BY user_id")));
    observed.add(
        "due "
            + query(
                connection,
                "SELECT id, quantity FROM reservations WHERE event_id = 1 AND status = 'HELD' AND"
                    + " expires_at <= '2026-12-24T10:00:10.123456' ORDER BY expires_at, id LIMIT"
                    + " 2"));
    observed.add(
        "events "
            + query(
                connection,
                "SELECT event_id FROM reservations WHERE status = 'HELD' AND event_id > 0 GROUP BY"
                    + " status, event_id HAVING MIN(expires_at) <= '2026-12-24T10:00:07.123456'"
                    + " ORDER BY event_id LIMIT 5"));
    observed.add(
        "status "
            + attempt(
                connection,
                "UPDATE reservations SET status = ?, cancelled_at = COALESCE(?, cancelled_at),"
                    + " expires_at = ? WHERE id = ?",
                "CONFIRMED",
                null,
                null,
                1));
    observed.add(
        "changed "
            + query(
                connection,
                "SELECT status, cancelled_at, expires_at FROM reservations WHERE id = 1"));
    observed.add(
        "same ticket "
            + attempt(
                connection,
                "INSERT INTO reservations (ticket_id, event_id, user_id, quantity, status,"
                    + " reserved_at) VALUES (?, ?, ?, ?, ?, ?)",
                "r0",
                1,
                "u",
                1,
                "HELD",
                TIME));
    connection.commit();
  }

  private static void waitingList(Connection connection, List<String> observed)
      throws SQLException {
    String entry =
        "INSERT INTO waiting_entries (ticket_id, event_id, sequence, seat_type, quantity, user_id,"
            + " price, status, joined_at, ended_sequence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    for (int i = 1; i <= 5; i++) {
      update(
          connection,
          entry,
          "w" + i,
          1 + i % 2,
          i,
          "A",
          1 + i % 3,
          "user" + i % 2,
          PRICE,
          i == 5 ? "OFFERED" : "WAITING",
          TIME,
          i == 5 ? 7 : null);
    }
    observed.add(
        "same sequence "
            + attempt(connection, entry, "w6", 1, 2, "A", 1, "u", PRICE, "WAITING", TIME, null));
    String ofQuantity =
        "(SELECT w.ticket_id, w.quantity, w.sequence, (SELECT COALESCE(SUM(r.quantity), 0) FROM"
            + " reservations r WHERE r.event_id = w.event_id AND r.user_id = w.user_id AND r.status"
            + " IN ('CONFIRMED', 'HELD')) AS seats_of_user FROM waiting_entries w WHERE w.event_id"
            + " = 1 AND w.seat_type = 'A' AND w.status = 'WAITING' AND w.quantity = %d AND"
            + " w.sequence > 0 ORDER BY w.sequence LIMIT 2)";
    observed.add(
        "parties "
            + query(
                connection,
                "SELECT * FROM ("
                    + ofQuantity.formatted(1)
                    + " UNION ALL "
                    + ofQuantity.formatted(2)
                    + " UNION ALL "
                    + ofQuantity.formatted(3)
                    + ") heads ORDER BY sequence"));
    observed.add(
        "due offers "
            + query(
                connection,
                "SELECT t.event_id FROM seat_types t JOIN events e ON e.id = t.event_id WHERE"
                    + " t.available_seats + t.kept_seats > 0 AND NOT e.waiting_list AND CASE WHEN"
                    + " t.kept_seats = 0 THEN EXISTS (SELECT 1 FROM waiting_entries w WHERE"
                    + " w.event_id = t.event_id AND w.seat_type = t.seat_type AND w.status ="
                    + " 'WAITING' AND w.quantity <= t.available_seats) ELSE (SELECT w.quantity FROM"
                    + " waiting_entries w WHERE w.event_id = t.event_id ORDER BY w.sequence LIMIT"
                    + " 1) <= 1 END UNION SELECT t.event_id FROM seat_types t JOIN events e ON e.id"
                    + " = t.event_id WHERE t.total_seats > 0 ORDER BY event_id LIMIT 5"));
    observed.add(
        "offers "
            + query(
                connection,
                "SELECT sequence, ticket_id, reservation_id FROM (SELECT w.event_id,"
                    + " w.ended_sequence AS sequence, w.ticket_id, r.id AS reservation_id FROM"
                    + " waiting_entries w LEFT JOIN reservations r ON r.ticket_id = w.ticket_id"
                    + " WHERE w.ended_sequence IS NOT NULL) offers WHERE event_id = 2 ORDER BY"
                    + " sequence"));
    observed.add(
        "last "
            + query(
                connection,
                "SELECT MIN(sequence) FROM (SELECT MIN(sequence) AS sequence FROM tickets WHERE"
                    + " event_id = 1 UNION ALL SELECT MIN(ended_sequence) FROM waiting_entries"
                    + " WHERE event_id = 2) later"));
    connection.commit();
  }

  private static void seats(Connection connection, List<String> observed) throws SQLException {
    String seat =
        "INSERT INTO reservation_seats (event_id, seat_id, reservation_id) VALUES (?, ?, ?)";
    update(connection, "UPDATE reservations SET seats = 'A1,A2' WHERE id = 1");
    observed.add("seat " + attempt(connection, seat, 1, "A1", 1));
    observed.add("seat of another event " + attempt(connection, seat, 2, "A1", 2));
    observed.add("foreign seat " + attempt(connection, seat, 1, "A3", 1));
    observed.add("seat twice " + attempt(connection, seat, 1, "A1", 3));
    observed.add(
        "reserved "
            + query(
                connection,
                "SELECT seat_id FROM reservation_seats s JOIN reservations r ON r.id ="
                    + " s.reservation_id AND r.event_id = s.event_id WHERE s.event_id = 1 AND"
                    + " r.status IN ('CONFIRMED', 'HELD') AND FIND_IN_SET(s.seat_id, r.seats)"
                    + " > 0"));
    observed.add(
        "exists " + query(connection, "SELECT EXISTS (SELECT 1 FROM tickets WHERE event_id = 9)"));
    connection.commit();
  }

  private static void locks(
      Environment environment, Connection first, Connection second, List<String> observed)
      throws Exception {
    query(first, "SELECT id FROM events WHERE id = 1 FOR UPDATE");
    observed.add(
        "skipped " + query(second, "SELECT id FROM events WHERE id = 1 FOR UPDATE SKIP LOCKED"));
    observed.add(
        "other row " + query(second, "SELECT id FROM events WHERE id = 2 FOR UPDATE SKIP LOCKED"));
    observed.add("plain read " + query(second, "SELECT available_seats FROM events WHERE id = 1"));
    second.rollback();
    AtomicBoolean done = new AtomicBoolean();
    environment.fork(() -> {
      try {
        observed.add(
            "blocked read "
                + query(second, "SELECT available_seats FROM events WHERE id = 1 FOR UPDATE"));
        second.rollback();
      } catch (SQLException e) {
        observed.add("blocked read " + e.getMessage());
      }
      done.set(true);
    });
    environment.sleep(500);
    observed.add("blocked " + !done.get());
    update(first, "UPDATE events SET available_seats = available_seats - 1 WHERE id = 1");
    first.commit();
    for (int i = 0; i < 100 && !done.get(); i++) {
      environment.sleep(100);
    }
  }

  private static void deadlock(
      Environment environment, Connection first, Connection second, List<String> observed)
      throws Exception {
    query(first, "SELECT id FROM events WHERE id = 1 FOR UPDATE");
    query(second, "SELECT id FROM events WHERE id = 2 FOR UPDATE");
    List<String> results = new CopyOnWriteArrayList<>();
    environment.fork(
        () -> results.add(attempt(first, "SELECT id FROM events WHERE id = 2 FOR UPDATE")));
    environment.sleep(300);
    results.add(attempt(second, "SELECT id FROM events WHERE id = 1 FOR UPDATE"));
    for (int i = 0; i < 100 && results.size() < 2; i++) {
      second.rollback();
      environment.sleep(100);
    }
    observed.add("deadlock " + results.stream().sorted().toList());
    first.rollback();
    second.rollback();
  }

  private static void set(PreparedStatement statement, Object... parameters) throws SQLException {
    for (int i = 0; i < parameters.length; i++) {
      statement.setObject(i + 1, parameters[i]);
    }
  }

  private static int update(Connection connection, String sql, Object... parameters)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      set(statement, parameters);
      return statement.executeUpdate();
    }
  }

  /// Result of a statement, or the kind of its error.
  private static String attempt(Connection connection, String sql, Object... parameters) {
    try {
      return sql.startsWith("SELECT")
          ? query(connection, sql).toString()
          : String.valueOf(update(connection, sql, parameters));
    } catch (SQLException e) {
      return DatabaseErrors.classify(e).toString();
    }
  }

  private static List<String> sorted(List<String> rows) {
    return rows.stream().sorted().toList();
  }

  private static List<String> query(Connection connection, String sql) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(sql);
        ResultSet result = statement.executeQuery()) {
      int columns = result.getMetaData().getColumnCount();
      while (result.next()) {
        List<String> row = new ArrayList<>();
        for (int i = 1; i <= columns; i++) {
          Object value = result.getObject(i);
          if (value instanceof java.sql.Timestamp timestamp) {
            value = timestamp.toLocalDateTime();
          }
          row.add(
              switch (value) {
                case null -> "null";
                case Boolean truth -> truth ? "1" : "0";
                default -> value.toString();
              });
        }
        rows.add(row.toString());
      }
    }
    return rows;
  }
}
