package ticketing.local.demo;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import ticketing.client.ApiConnection;
import ticketing.client.ApiResponse;
import ticketing.client.BookingRequest;
import ticketing.domain.Json;
import ticketing.domain.seatmap.SeatMap;
import ticketing.local.launcher.LaunchProperties;
import ticketing.local.launcher.Launcher;
import ticketing.local.servers.LocalServers;
import ticketing.local.servers.LocalSigningKey;
import ticketing.local.servers.ServerException;
import ticketing.local.system.DemoData;
import ticketing.local.system.DemoHall;
import ticketing.local.system.LocalSystem;
import ticketing.security.AccessTokenIssuer;
import ticketing.security.AccessTokenSettings;
import ticketing.security.Role;
import ticketing.security.SigningSettings;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// `mvn -Pdemo`: the whole system and three sales, each of one event to many concurrent buyers. The
/// rush has a seat for each buyer, so every request reaches the worker and the throughput is
/// measured. The on-sale has fewer seats than buyers, so most requests are refused or rejected. The
/// hall has 10,000 numbered seats, of which each buyer books the best 1 to 4. The responses to
/// buyers are checked against the database. Exit code 0 only if every check passes.
public final class Demo {

  private static final Duration TIMEOUT = Duration.ofMinutes(5);
  private static final int BASELINE_MESSAGES = 10_000;
  private static final String SEAT_TYPE = "R";
  private static final int MAX_GROUP = 4; // seats
  private static final long SEED = 20;

  private final LocalSystem system;
  private final AccessTokenIssuer tokens =
      new AccessTokenIssuer(
          AccessTokenSettings.of(),
          new SigningSettings(LocalSigningKey.PRIVATE_KEY, Duration.ofHours(1)),
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
    double queueRate = measureQueue();

    List<SaleReport> reports =
        List.of(
            sell("rush", buyers, buyers, sockets, queueRate),
            sell("on-sale", buyers, seats, sockets, queueRate),
            sellHall(buyers, sockets, queueRate));
    System.out.println(SaleReport.table(reports));
    return reports.stream().allMatch(SaleReport::passes) ? 0 : 1;
  }

  /// Runs a sale without a report, so that the compilers have seen the code.
  void warmUp(int bookings, int sockets) throws InterruptedException {
    print("warm-up with %,d bookings".formatted(bookings));
    long event = createEvent("Warm-up", bookings);
    sale(singleSeats(event, bookings), "warm-up", sockets).run(() -> {});
  }

  /// @return messages per second of the [QueueBaseline]
  double measureQueue() throws InterruptedException {
    print("measuring the queue alone: send, receive and delete in batches of ten");
    QueueBaseline.measure(system.servers(), BASELINE_MESSAGES / 5);
    double rate = QueueBaseline.measure(system.servers(), BASELINE_MESSAGES);
    print("the queue alone passes %,.0f messages per second".formatted(rate));
    return rate;
  }

  /// Creates one event and sells it to this number of buyers.
  SaleReport sell(String name, int buyers, int seats, int sockets, double queueRate)
      throws InterruptedException, SQLException {
    long event = createEvent("The " + name, seats);
    return sell(name, event, seats, singleSeats(event, buyers), sockets, queueRate);
  }

  /// Sells numbered seats. A buyer prefers each seat type in proportion to its seats.
  private SaleReport sellHall(int buyers, int sockets, double queueRate)
      throws InterruptedException, SQLException {
    SeatMap hall = DemoHall.create();
    List<DemoData.SeatType> types = DemoHall.seatTypes(hall);
    long event = postEvent(Json.INTERNAL.writeValueAsString(hallEvent(hall, types)));
    Random random = new Random(SEED);
    List<BookingRequest> bookings =
        Stream.generate(() ->
                new BookingRequest(
                    event,
                    typeOf(random.nextInt(hall.seatCount()), types),
                    1 + random.nextInt(MAX_GROUP)))
            .limit(buyers)
            .toList();
    return sell("hall", event, hall.seatCount(), bookings, sockets, queueRate);
  }

  private static ObjectNode hallEvent(SeatMap hall, List<DemoData.SeatType> types) {
    ObjectNode json = Json.INTERNAL.createObjectNode();
    json.put("eventName", "The hall").put("eventDate", "2027-12-24T10:00:00Z");
    json.put("venueName", "Demo Hall").put("venueAddress", "Seoul");
    ArrayNode typeList = json.putArray("seatTypes");
    types.forEach(
        type -> typeList.addObject().put("seatType", type.name()).put("price", type.price()));
    json.set("seatMap", Json.INTERNAL.readTree(hall.toJson()));
    return json;
  }

  private static String typeOf(int seat, List<DemoData.SeatType> types) {
    int last = 0;
    for (DemoData.SeatType type : types) {
      last += type.total();
      if (seat < last) {
        return type.name();
      }
    }
    throw new IllegalArgumentException("no seat " + seat);
  }

  private SaleReport sell(
      String name,
      long event,
      int seats,
      List<BookingRequest> bookings,
      int sockets,
      double queueRate)
      throws InterruptedException, SQLException {
    print("%s: %,d buyers, %,d seats".formatted(name, bookings.size(), seats));
    OnSale sale = sale(bookings, name, Math.min(sockets, bookings.size()));
    Map<String, Duration> before = processorTimes();
    sale.run(() -> print(progress(sale, event)));
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
          queueRate,
          used);
    }
  }

  private Map<String, Duration> processorTimes() {
    Map<String, Duration> times = new LinkedHashMap<>();
    system.applications().forEach(process -> times.put(process.name(), process.processorTime()));
    system.servers().processorTimes().forEach(times::put);
    times.put(
        "queue and buyers",
        ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO));
    return times;
  }

  private static List<BookingRequest> singleSeats(long event, int buyers) {
    return Collections.nCopies(buyers, new BookingRequest(event, SEAT_TYPE, 1));
  }

  private OnSale sale(List<BookingRequest> bookings, String prefix, int sockets) {
    int connections = properties.number("demo.connections", 128, 1, 2_000);
    String[] signed = new String[bookings.size()];
    Arrays.parallelSetAll(
        signed, number -> tokens.issue("%s-%06d".formatted(prefix, number + 1), Role.BUYER));
    return new OnSale(
        new OnSale.Plan(
            system.ingress().url(),
            system.notifier().url(),
            bookings,
            signed,
            connections,
            sockets,
            TIMEOUT));
  }

  private long createEvent(String name, int seats) {
    return postEvent(
        """
        {"eventName":"%s","eventDate":"2027-12-24T10:00:00Z","venueName":"Demo Hall",
         "venueAddress":"Seoul","seatTypes":[{"seatType":"%s","price":"55000.00","totalSeats":%d}]}
        """
            .formatted(name, SEAT_TYPE, seats));
  }

  private long postEvent(String body) {
    try (ApiConnection connection = new ApiConnection(system.ingress().url())) {
      ApiResponse response =
          connection.send("POST", "/api/v1/events", tokens.issue("admin", Role.ADMIN), body);
      if (response.status() != 201) {
        throw new ServerException(
            "cannot create the event: " + response.status() + " " + response.body());
      }
      return Json.INTERNAL.readTree(response.body()).path("eventId").asLong();
    } catch (IOException e) {
      throw new ServerException("no response from ingress-api: " + e.getMessage(), e);
    }
  }

  private String progress(OnSale sale, long event) {
    long decided = -1;
    try (Connection connection = system.servers().connect()) {
      decided = number(connection, "SELECT COUNT(*) FROM tickets WHERE event_id = " + event);
    } catch (SQLException e) {
      print("no response from the database: " + e.getMessage());
    }
    return "requests %,d   accepted %,d   decided %,d   final for buyers %,d   queue %,d"
        .formatted(
            sale.started(),
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

  private static void print(String line) {
    System.out.println("[demo] " + line);
  }
}
