package ticketing.local.system;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import org.springframework.security.crypto.factory.PasswordEncoderFactories;
import ticketing.domain.EventView;
import ticketing.domain.seatmap.SeatBitmap;
import ticketing.domain.seatmap.SeatMap;
import ticketing.local.servers.LocalServers;

/// Demo accounts and events, inserted only into empty tables.
public final class DemoData {

  public static final String BUYER_EMAIL = "buyer@ticketing.local";
  public static final String ADMIN_EMAIL = "admin@ticketing.local";
  public static final String PASSWORD = "ticketing-demo";

  private static final ZoneId ZONE = ZoneId.of(EventView.DEFAULT_TIME_ZONE);

  /// Owner of the reservations of the nearly sold out event.
  private static final String SEED_USER = "demo-seed";

  public record SeatType(String name, String price, int total, int available) {}

  private DemoData() {}

  /// @throws SQLException if the schema does not exist
  public static void addTo(LocalServers servers) throws SQLException {
    try (Connection connection = servers.connect()) {
      connection.setAutoCommit(false);
      if (isEmpty(connection, "users")) {
        addUsers(connection);
      }
      if (isEmpty(connection, "events")) {
        addEvents(connection);
      }
      connection.commit();
    }
  }

  private static boolean isEmpty(Connection connection, String table) throws SQLException {
    try (Statement statement = connection.createStatement();
        var rows = statement.executeQuery("SELECT 1 FROM " + table + " LIMIT 1")) {
      return !rows.next();
    }
  }

  private static void addUsers(Connection connection) throws SQLException {
    String hash = PasswordEncoderFactories.createDelegatingPasswordEncoder().encode(PASSWORD);
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO users (id, email, password_hash, name, role) VALUES (?, ?, ?, ?, ?)")) {
      for (String[] user :
          List.of(
              new String[] {"buyer", BUYER_EMAIL, "Demo Buyer", "BUYER"},
              new String[] {"admin", ADMIN_EMAIL, "Demo Admin", "ADMIN"})) {
        insert.setString(1, user[0]);
        insert.setString(2, user[1]);
        insert.setString(3, hash);
        insert.setString(4, user[2]);
        insert.setString(5, user[3]);
        insert.executeUpdate();
      }
    }
  }

  private static void addEvents(Connection connection) throws SQLException {
    Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    long jazz =
        addEvent(
            connection,
            "Winter Jazz Night · 겨울 재즈의 밤",
            evening(now, 30),
            null,
            4,
            null,
            List.of(
                new SeatType("VIP", "150000.00", 100, 100),
                new SeatType("R", "99000.00", 3_000, 3_000),
                new SeatType("S", "55000.00", 6_900, 6_900)));
    DemoInformation.JAZZ.addTo(connection, jazz);
    List<SeatType> nearlySoldOutTypes = List.of(new SeatType("A", "77000.00", 100, 3));
    long nearlySoldOut =
        addEvent(
            connection,
            "Chamber Music at Dusk · 해 질 녘 실내악",
            evening(now, 14),
            null,
            null,
            null,
            nearlySoldOutTypes);
    sell(connection, nearlySoldOut, nearlySoldOutTypes.getFirst(), now);
    DemoInformation.CHAMBER_MUSIC.addTo(connection, nearlySoldOut);
    long musical =
        addEvent(
            connection,
            "Family Musical · 가족 뮤지컬",
            evening(now, 60),
            at(LocalTime.of(20, 0), now, 7),
            4,
            5,
            List.of(
                new SeatType("R", "99000.00", 1_000, 1_000),
                new SeatType("S", "55000.00", 4_000, 4_000)));
    DemoInformation.MUSICAL.addTo(connection, musical);
    addHall(connection, evening(now, 45));
  }

  /// 19:30 in Seoul.
  private static Instant evening(Instant now, int days) {
    return at(LocalTime.of(19, 30), now, days);
  }

  /// @param time in Seoul
  private static Instant at(LocalTime time, Instant now, int days) {
    return now.atZone(ZONE).plusDays(days).with(time).toInstant();
  }

  private static void addHall(Connection connection, Instant date) throws SQLException {
    SeatMap map = DemoHall.create();
    List<SeatType> types = DemoHall.seatTypes(map);
    long event = addEvent(connection, "Symphony in the Round · 교향곡의 밤", date, null, 8, null, types);
    addSeatMap(connection, event, map);
    DemoInformation.SYMPHONY.addTo(connection, event);
  }

  /// Inserts the first seat map of an event, with all seats on sale.
  public static void addSeatMap(Connection connection, long event, SeatMap map)
      throws SQLException {
    try (PreparedStatement update =
            connection.prepareStatement("UPDATE events SET seat_map_revision = 1 WHERE id = ?");
        PreparedStatement insertMap =
            connection.prepareStatement(
                """
                INSERT INTO seat_maps (event_id, revision, map, created_at) VALUES (?, 1, ?, ?)
                """);
        PreparedStatement insertSection =
            connection.prepareStatement(
                """
                INSERT INTO seat_sections (event_id, ordinal, section, seat_count, taken)
                VALUES (?, ?, ?, ?, ?)
                """)) {
      update.setLong(1, event);
      update.executeUpdate();
      insertMap.setLong(1, event);
      insertMap.setBytes(2, map.toGzip());
      insertMap.setObject(3, utc(Instant.now()));
      insertMap.executeUpdate();
      int ordinal = 0;
      for (SeatMap.Section section : map.sections()) {
        insertSection.setLong(1, event);
        insertSection.setInt(2, ordinal++);
        insertSection.setString(3, section.name());
        insertSection.setInt(4, section.seatCount());
        insertSection.setBytes(5, new byte[SeatBitmap.countBytes(section.seatCount())]);
        insertSection.addBatch();
      }
      insertSection.executeBatch();
    }
  }

  /// @return id of the event
  public static long addEvent(
      Connection connection,
      String name,
      Instant date,
      Instant saleOpensAt,
      Integer maxSeatsPerUser,
      Integer holdMinutes,
      List<SeatType> seatTypes)
      throws SQLException {
    long id;
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            INSERT INTO events (event_name, total_seats, available_seats, event_date, venue_name,
              venue_address, sale_opens_at, max_seats_per_user, hold_minutes, decision_sequence)
            VALUES (?, ?, ?, ?, 'Demo Hall', 'Seoul', ?, ?, ?, ?)
            """,
            Statement.RETURN_GENERATED_KEYS)) {
      insert.setString(1, name);
      insert.setInt(2, seatTypes.stream().mapToInt(SeatType::total).sum());
      insert.setInt(3, seatTypes.stream().mapToInt(SeatType::available).sum());
      insert.setObject(4, utc(date));
      insert.setObject(5, saleOpensAt == null ? null : utc(saleOpensAt));
      insert.setObject(6, maxSeatsPerUser);
      insert.setObject(7, holdMinutes);
      // The audit replays no event that is created with sold seats.
      insert.setObject(
          8, seatTypes.stream().allMatch(type -> type.available() == type.total()) ? 0 : null);
      insert.executeUpdate();
      try (var keys = insert.getGeneratedKeys()) {
        keys.next();
        id = keys.getLong(1);
      }
    }
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            INSERT INTO seat_types (event_id, seat_type, price, total_seats, available_seats)
            VALUES (?, ?, ?, ?, ?)
            """)) {
      for (SeatType type : seatTypes) {
        insert.setLong(1, id);
        insert.setString(2, type.name());
        insert.setBigDecimal(3, new BigDecimal(type.price()));
        insert.setInt(4, type.total());
        insert.setInt(5, type.available());
        insert.executeUpdate();
      }
    }
    return id;
  }

  /// Inserts a ticket and a reservation for each sold seat, so that the totals are consistent.
  private static void sell(Connection connection, long event, SeatType type, Instant at)
      throws SQLException {
    BigDecimal price = new BigDecimal(type.price());
    try (PreparedStatement reservation =
            connection.prepareStatement(
                """
                INSERT INTO reservations (ticket_id, event_id, user_id, quantity, seat_type,
                  total_price, status, reserved_at)
                VALUES (?, ?, ?, 1, ?, ?, 'CONFIRMED', ?)
                """,
                Statement.RETURN_GENERATED_KEYS);
        PreparedStatement ticket =
            connection.prepareStatement(
                """
                INSERT INTO tickets (id, action, user_id, event_id, seat_type, quantity, decision,
                  reservation_id, total_price, accepted_at, decided_at)
                VALUES (?, 'BOOK', ?, ?, ?, 1, 'CONFIRMED', ?, ?, ?, ?)
                """)) {
      for (int seat = type.available(); seat < type.total(); seat++) {
        String id =
            UUID.nameUUIDFromBytes((SEED_USER + seat).getBytes(StandardCharsets.UTF_8)).toString();
        reservation.setString(1, id);
        reservation.setLong(2, event);
        reservation.setString(3, SEED_USER);
        reservation.setString(4, type.name());
        reservation.setBigDecimal(5, price);
        reservation.setObject(6, utc(at));
        reservation.executeUpdate();
        ticket.setString(1, id);
        ticket.setString(2, SEED_USER);
        ticket.setLong(3, event);
        ticket.setString(4, type.name());
        try (var keys = reservation.getGeneratedKeys()) {
          keys.next();
          ticket.setLong(5, keys.getLong(1));
        }
        ticket.setBigDecimal(6, price);
        ticket.setObject(7, utc(at));
        ticket.setObject(8, utc(at));
        ticket.executeUpdate();
      }
    }
  }

  private static LocalDateTime utc(Instant instant) {
    return LocalDateTime.ofInstant(instant, ZoneOffset.UTC);
  }
}
