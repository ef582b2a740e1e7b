package ticketing.systemtest.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import ticketing.client.Ticket;
import ticketing.local.servers.LocalServers;
import ticketing.local.system.ApplicationProcess;
import ticketing.local.system.DemoData;
import ticketing.systemtest.client.AcceptedRequest;
import ticketing.systemtest.client.TestClients;
import ticketing.systemtest.fleet.Fleet;
import ticketing.systemtest.oracle.Oracle;

/// Bookings through real processes, two of each kind.
@Order(2) // mostly blocked, so it shares the processors with concurrent tests
class EndToEndTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(120);

  private static final Duration START_TIMEOUT = Duration.ofSeconds(300);

  private final Fleet fleet = Fleet.shared();
  private final TestClients clients = new TestClients(fleet);

  @AfterEach
  void closeClients() {
    clients.close();
  }

  @Test
  void pollsFramesAndTablesAgreeOnEachDecision() throws Exception {
    long sale =
        fleet.addEvent("Immediate", null, null, new DemoData.SeatType("R", "10.00", 10, 10));
    long holds = fleet.addEvent("Held", 4, 5, new DemoData.SeatType("R", "10.00", 10, 10));

    Ticket booked = await(clients.book("ann", sale, "R", 2, "1"));
    assertThat(booked.status()).isEqualTo(Ticket.Status.CONFIRMED);
    assertThat(booked.totalPrice()).hasToString("20.00");
    assertThat(await(clients.cancel("ann", booked.reservationId(), "2")).status())
        .isEqualTo(Ticket.Status.CANCELLED);

    Ticket held = await(clients.book("bob", holds, "R", 4, "1"));
    assertThat(held.status()).isEqualTo(Ticket.Status.HELD);
    assertThat(await(clients.confirm("bob", held.reservationId(), "2")).status())
        .isEqualTo(Ticket.Status.CONFIRMED);
    assertThat(await(clients.book("bob", holds, "R", 1, "3")).reason()).isEqualTo("LIMIT_EXCEEDED");

    assertThat(new Oracle(fleet, clients).check()).isEmpty();
    assertThat(available(sale)).isEqualTo(10);
    assertThat(available(holds)).isEqualTo(6);
  }

  @Test
  void fiftyOfTwoHundredBuyersGetFiftySeats() throws Exception {
    long event = fleet.addEvent("Race", null, null, new DemoData.SeatType("R", "10.00", 50, 50));
    try (Connection connection = fleet.servers().connect()) {
      // The lock blocks all decisions until the workers have received messages.
      lock(connection, event);
      List<List<AcceptedRequest>> requestsOfBuyers = bookConcurrently(event, 200, 2);
      assertThat(requestsOfBuyers).allSatisfy(requests -> assertThat(requests).hasSize(1));
      awaitInFlight();
      connection.rollback();
    }
    assertThat(new Oracle(fleet, clients).check()).isEmpty();

    Map<String, Long> finalStates =
        clients.requests().stream()
            .collect(
                Collectors.groupingBy(
                    request ->
                        request.finalTicket().status() + " " + request.finalTicket().reason(),
                    Collectors.counting()));
    assertThat(finalStates).isEqualTo(Map.of("CONFIRMED null", 50L, "REJECTED SOLD_OUT", 150L));
    assertThat(fleet.number("SELECT COUNT(*) FROM tickets WHERE event_id = ?", event))
        .isEqualTo(200);
    assertThat(
            fleet.number(
                "SELECT COUNT(DISTINCT user_id) FROM reservations WHERE event_id = ?", event))
        .isEqualTo(50);
    assertThat(available(event)).isZero();
  }

  /// The decisions of one event do not reach Redis, and those of the other do not reach the queue.
  @Test
  void commitsOfKilledWorkersArePublishedOnce() throws Exception {
    long unpublished =
        fleet.addEvent("Unpublished", 4, null, new DemoData.SeatType("R", "10.00", 5, 5));
    try (Connection connection = fleet.servers().connect()) {
      lock(connection, unpublished);
      bookConcurrently(unpublished, 10, 1);
      awaitInFlight();
      fleet.system().workers().forEach(worker -> fleet.network().cut(worker.name(), "Redis"));
      connection.rollback();
    }
    Awaitility.await()
        .atMost(TIMEOUT)
        .until(() -> fleet.servers().queue().backlog(LocalServers.QUEUE) == 0);

    long event = fleet.addEvent("Crash", 4, null, new DemoData.SeatType("R", "10.00", 60, 60));
    try (Connection connection = fleet.servers().connect()) {
      lock(connection, event);
      bookConcurrently(event, 100, 1);
      awaitInFlight();
      // The workers commit these decisions but cannot delete the messages.
      fleet.network().cut("queue");
      connection.rollback();
    }
    Awaitility.await()
        .atMost(TIMEOUT)
        .until(() -> fleet.number("SELECT COUNT(*) FROM tickets WHERE event_id = ?", event) == 100);
    fleet.system().workers().forEach(ApplicationProcess::kill);
    fleet.network().heal("queue");
    fleet.system().workers().forEach(worker -> fleet.network().heal(worker.name()));
    startWorkers();

    Awaitility.await()
        .atMost(TIMEOUT)
        .until(() -> fleet.servers().queue().backlog(LocalServers.QUEUE) == 0);
    assertThat(fleet.workersMetric("ticketing_redeliveries_total")).isPositive();
    assertThat(new Oracle(fleet, clients).check()).isEmpty();
    assertThat(clients.requests()).hasSize(110);
    assertThat(available(event)).isZero();
    assertThat(available(unpublished)).isZero();
    assertThat(fleet.number("SELECT COUNT(*) FROM tickets WHERE event_id = ?", event))
        .isEqualTo(100);
  }

  private Ticket await(Optional<AcceptedRequest> request) throws InterruptedException {
    return clients.await(request.orElseThrow(), TIMEOUT);
  }

  /// Books one seat for each buyer, all concurrently.
  ///
  /// @param attempts concurrent requests of each buyer with the same key
  /// @return the different tickets of each buyer
  private List<List<AcceptedRequest>> bookConcurrently(long event, int buyers, int attempts)
      throws Exception {
    List<List<AcceptedRequest>> requestsOfBuyers = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<List<Future<Optional<AcceptedRequest>>>> responses = new ArrayList<>();
      for (int buyer = 0; buyer < buyers; buyer++) {
        String user = "buyer-" + event + "-" + buyer;
        List<Future<Optional<AcceptedRequest>>> ofBuyer = new ArrayList<>();
        for (int attempt = 0; attempt < attempts; attempt++) {
          ofBuyer.add(threads.submit(() -> clients.book(user, event, "R", 1, "key")));
        }
        responses.add(ofBuyer);
      }
      for (List<Future<Optional<AcceptedRequest>>> ofBuyer : responses) {
        List<AcceptedRequest> requests = new ArrayList<>();
        for (Future<Optional<AcceptedRequest>> response : ofBuyer) {
          requests.add(response.get().orElseThrow());
        }
        requestsOfBuyers.add(requests.stream().distinct().toList());
      }
    }
    return requestsOfBuyers;
  }

  private static void lock(Connection connection, long event) throws SQLException {
    connection.setAutoCommit(false);
    try (var statement = connection.createStatement()) {
      statement.executeQuery("SELECT id FROM events WHERE id = " + event + " FOR UPDATE").close();
    }
  }

  private void startWorkers() {
    fleet.system().workers().forEach(ApplicationProcess::start);
    fleet.system().workers().forEach(worker -> worker.awaitReady(START_TIMEOUT));
  }

  private void awaitInFlight() {
    Awaitility.await()
        .atMost(TIMEOUT)
        .until(() ->
            fleet.servers().queue().visible(LocalServers.QUEUE) == 0
                && fleet.workersMetric("ticketing_in_flight_messages") > 0);
  }

  private long available(long event) throws SQLException {
    return fleet.number("SELECT available_seats FROM events WHERE id = ?", event);
  }
}
