package ticketing.local.demo;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import ticketing.domain.Json;
import ticketing.local.launcher.LaunchProperties;
import ticketing.local.launcher.Launcher;
import ticketing.local.servers.LocalServers;
import ticketing.local.servers.ServerException;
import ticketing.local.system.LocalSystem;
import ticketing.security.AccessTokenSettings;
import ticketing.security.AccessTokens;

/// `mvn -Pdemo`: the whole system and two sales, each of one event to many buyers at once. In the
/// rush there is a seat for everybody, so that every request goes all the way and the pace can be
/// measured; in the on-sale most go away empty, many of them at the door. What the buyers were told
/// is checked against the database. Exit code 0 only if every check holds.
public final class Demo {

  private static final Duration TIMEOUT = Duration.ofMinutes(5);
  private static final int CEILING_MESSAGES = 10_000;
  private static final String SEAT_TYPE = "R";

  private final LocalSystem system;
  private final AccessTokens tokens =
      new AccessTokens(
          new AccessTokenSettings(AccessTokenSettings.LOCAL_KEY, "", Duration.ofHours(1)),
          true,
          Clock.systemUTC());
  private final LaunchProperties properties = new LaunchProperties(System.getProperties());

  Demo(LocalSystem system) {
    this.system = system;
  }

  public static void main(String[] arguments) {
    Launcher.launch(system -> new Demo(system).run());
  }

  private int run() throws InterruptedException, SQLException {
    int buyers = properties.number("demo.buyers", 10_000, 1, 100_000);
    int seats = properties.number("demo.seats", 1_000, 1, 1_000_000);
    int sockets = properties.number("demo.sockets", 1_000, 0, 10_000);
    int warmUp = properties.number("demo.warm-up", 10_000, 1, 100_000);

    warmUp(warmUp, sockets / 10);
    double ceiling = ceiling();

    List<SaleReport> accounts =
        List.of(
            hold("rush", buyers, buyers, sockets, ceiling),
            hold("on-sale", buyers, seats, sockets, ceiling));
    System.out.println(SaleReport.table(accounts));
    return accounts.stream().allMatch(SaleReport::holds) ? 0 : 1;
  }

  /// A sale that nobody looks at.
  void warmUp(int bookings, int sockets) throws InterruptedException {
    say("warming up: %,d bookings".formatted(bookings));
    sale(createEvent("Warm-up", bookings), "warm-up", bookings, sockets).run(() -> {});
  }

  /// Messages per second of the bare queue.
  double ceiling() throws InterruptedException {
    say("measuring the bare queue: send, receive and delete in tens");
    QueueBaseline.measure(system.servers(), CEILING_MESSAGES / 5);
    double ceiling = QueueBaseline.measure(system.servers(), CEILING_MESSAGES);
    say("the bare queue carries %,.0f messages a second".formatted(ceiling));
    return ceiling;
  }

  /// One event, sold to these buyers, and the account of it.
  SaleReport hold(String name, int buyers, int seats, int sockets, double ceiling)
      throws InterruptedException, SQLException {
    say("%s: %,d buyers, %,d seats".formatted(name, buyers, seats));
    long event = createEvent("The " + name, seats);
    OnSale sale = sale(event, name, buyers, Math.min(sockets, buyers));
    Map<String, Duration> before = processorTimes();
    sale.run(() -> say(progress(sale, event)));
    Map<String, Duration> used = processorTimes();
    used.replaceAll((process, time) -> time.minus(before.get(process)));
    try (Connection connection = system.servers().connect()) {
      return SaleReport.of(
          name,
          sale,
          connection,
          event,
          seats,
          system.servers().queue().backlog(LocalServers.QUEUE + "-dlq"),
          ceiling,
          used);
    }
  }

  private Map<String, Duration> processorTimes() {
    Map<String, Duration> times = new LinkedHashMap<>();
    system.applications().forEach(one -> times.put(one.name(), one.processorTime()));
    system.servers().processorTimes().forEach(times::put);
    times.put(
        "queue and buyers",
        ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO));
    return times;
  }

  private OnSale sale(long event, String prefix, int buyers, int sockets) {
    int connections = properties.number("demo.connections", 128, 1, 2_000);
    String[] signed = new String[buyers];
    Arrays.parallelSetAll(
        signed, number -> tokens.issue("%s-%06d".formatted(prefix, number + 1), "BUYER"));
    return new OnSale(
        new OnSale.Plan(
            system.ingress().url(),
            system.notifier().url(),
            event,
            SEAT_TYPE,
            signed,
            connections,
            sockets,
            TIMEOUT));
  }

  private long createEvent(String name, int seats) {
    String body =
        """
        {"eventName":"%s","eventDate":"2027-12-24T10:00:00Z","venueName":"Demo Hall",
         "venueAddress":"Seoul","seatTypes":[{"seatType":"%s","price":"55000.00","totalSeats":%d}]}
        """
            .formatted(name, SEAT_TYPE, seats);
    try (HttpConnection connection = new HttpConnection(system.ingress().url())) {
      HttpConnection.Response response =
          connection.send(
              "POST",
              "/api/v1/events",
              "Authorization: Bearer " + tokens.issue("admin", "ADMIN") + "\r\n",
              body);
      if (response.status() != 201) {
        throw new ServerException(
            "the event could not be created: " + response.status() + " " + response.body());
      }
      return Json.INTERNAL.readTree(response.body()).path("eventId").asLong();
    } catch (IOException e) {
      throw new ServerException("ingress-api does not answer: " + e.getMessage(), e);
    }
  }

  private String progress(OnSale sale, long event) {
    long decided = -1;
    try (Connection connection = system.servers().connect()) {
      decided = number(connection, "SELECT COUNT(*) FROM tickets WHERE event_id = " + event);
    } catch (SQLException e) {
      say("the database does not answer: " + e.getMessage());
    }
    return "asked %,d   accepted %,d   decided %,d   known to buyers %,d   queue %,d"
        .formatted(
            sale.answered(),
            sale.accepted(),
            decided,
            sale.finished(),
            system.servers().queue().backlog(LocalServers.QUEUE));
  }

  private static long number(Connection connection, String query) throws SQLException {
    try (var statement = connection.createStatement();
        var rows = statement.executeQuery(query)) {
      rows.next();
      return rows.getLong(1);
    }
  }

  private static void say(String line) {
    System.out.println("[demo] " + line);
  }
}
