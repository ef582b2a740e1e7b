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
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.local.system.DemoData;
import ticketing.local.servers.LocalServers;
import ticketing.local.system.ApplicationProcess;
import ticketing.systemtest.client.AcceptedRequest;
import ticketing.systemtest.client.TestClients;
import ticketing.systemtest.fleet.Fleet;
import ticketing.systemtest.oracle.Oracle;

/// The whole path with real processes, two of each kind: requests go to either ingress, frames come
/// from either notifier.
@Order(2) // waits more than it works, so it comes while others run beside it
class EndToEndTest {

  private static final Duration LIMIT = Duration.ofSeconds(120);

  private static final Duration START = Duration.ofSeconds(300);

  private final Fleet fleet = Fleet.shared();
  private final TestClients crowd = new TestClients(fleet);

  @AfterEach
  void leave() {
    crowd.close();
  }

  @Test
  void bookingHoldConfirmationAndCancellationAreToldAlikeEverywhere() throws Exception {
    long sale = fleet.addEvent("At once", null, null, new DemoData.SeatType("R", "10.00", 10, 10));
    long holds = fleet.addEvent("Held", 4, 5, new DemoData.SeatType("R", "10.00", 10, 10));

    Ticket booked = end(crowd.book("ann", sale, "R", 2, "1"));
    assertThat(booked.status()).isEqualTo(TicketStatus.CONFIRMED);
    assertThat(booked.totalPrice()).hasToString("20.00");
    assertThat(end(crowd.cancel("ann", booked.reservationId(), "2")).status())
        .isEqualTo(TicketStatus.CANCELLED);

    Ticket held = end(crowd.book("bob", holds, "R", 4, "1"));
    assertThat(held.status()).isEqualTo(TicketStatus.HELD);
    assertThat(end(crowd.confirm("bob", held.reservationId(), "2")).status())
        .isEqualTo(TicketStatus.CONFIRMED);
    assertThat(end(crowd.book("bob", holds, "R", 1, "3")).reason())
        .isEqualTo(Reason.LIMIT_EXCEEDED);

    assertThat(new Oracle(fleet, crowd).judge()).isEmpty();
    assertThat(available(sale)).isEqualTo(10);
    assertThat(available(holds)).isEqualTo(6);
  }

  @Test
  void fiftySeatsGoToFiftyOfTwoHundredBuyersWhoAllAskTwice() throws Exception {
    long event = fleet.addEvent("Race", null, null, new DemoData.SeatType("R", "10.00", 50, 50));
    try (Connection connection = fleet.servers().connect()) {
      // Nothing is decided before both workers have their hands full.
      lock(connection, event);
      List<List<AcceptedRequest>> ofEach = allAtOnce(event, 200, 2);
      assertThat(ofEach).allSatisfy(claims -> assertThat(claims).hasSize(1));
      awaitInHand();
      connection.rollback();
    }
    assertThat(new Oracle(fleet, crowd).judge()).isEmpty();

    Map<String, Long> ends =
        crowd.claims().stream()
            .collect(
                Collectors.groupingBy(
                    claim -> claim.end().status() + " " + claim.end().reason(),
                    Collectors.counting()));
    assertThat(ends).isEqualTo(Map.of("CONFIRMED null", 50L, "REJECTED SOLD_OUT", 150L));
    assertThat(fleet.number("SELECT COUNT(*) FROM tickets WHERE event_id = ?", event))
        .isEqualTo(200);
    assertThat(
            fleet.number(
                "SELECT COUNT(DISTINCT user_id) FROM reservations WHERE event_id = ?", event))
        .isEqualTo(50);
    assertThat(available(event)).isZero();
  }

  /// Of one event Redis hears nothing, of the other the queue hears nothing either.
  @Test
  void whatKilledWorkersHadCommittedIsDecidedOnceAndTold() throws Exception {
    long unheard = fleet.addEvent("Unheard", 4, null, new DemoData.SeatType("R", "10.00", 5, 5));
    try (Connection connection = fleet.servers().connect()) {
      lock(connection, unheard);
      allAtOnce(unheard, 10, 1);
      awaitInHand();
      fleet.system().workers().forEach(worker -> fleet.network().cut(worker.name(), "Redis"));
      connection.rollback();
    }
    Awaitility.await()
        .atMost(LIMIT)
        .until(() -> fleet.servers().queue().backlog(LocalServers.QUEUE) == 0);

    long event = fleet.addEvent("Crash", 4, null, new DemoData.SeatType("R", "10.00", 60, 60));
    try (Connection connection = fleet.servers().connect()) {
      lock(connection, event);
      allAtOnce(event, 100, 1);
      awaitInHand();
      // What they commit now they cannot delete.
      fleet.network().cut("queue");
      connection.rollback();
    }
    Awaitility.await()
        .atMost(LIMIT)
        .until(() -> fleet.number("SELECT COUNT(*) FROM tickets WHERE event_id = ?", event) == 100);
    fleet.system().workers().forEach(ApplicationProcess::kill);
    fleet.network().heal("queue");
    fleet.system().workers().forEach(worker -> fleet.network().heal(worker.name()));
    startWorkers();

    Awaitility.await()
        .atMost(LIMIT)
        .until(() -> fleet.servers().queue().backlog(LocalServers.QUEUE) == 0);
    assertThat(fleet.workersMetric("ticketing_redeliveries_total")).isPositive();
    assertThat(new Oracle(fleet, crowd).judge()).isEmpty();
    assertThat(crowd.claims()).hasSize(110);
    assertThat(available(event)).isZero();
    assertThat(available(unheard)).isZero();
    assertThat(fleet.number("SELECT COUNT(*) FROM tickets WHERE event_id = ?", event))
        .isEqualTo(100);
  }

  private Ticket end(Optional<AcceptedRequest> claim) throws InterruptedException {
    return crowd.await(claim.orElseThrow(), LIMIT);
  }

  /// One seat for each buyer.
  ///
  /// @param times how often each asks, with the same key, at the same time
  /// @return the different tickets of each
  private List<List<AcceptedRequest>> allAtOnce(long event, int buyers, int times)
      throws Exception {
    List<List<AcceptedRequest>> ofEach = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<List<Future<Optional<AcceptedRequest>>>> asked = new ArrayList<>();
      for (int buyer = 0; buyer < buyers; buyer++) {
        String user = "buyer-" + event + "-" + buyer;
        List<Future<Optional<AcceptedRequest>>> attempts = new ArrayList<>();
        for (int time = 0; time < times; time++) {
          attempts.add(threads.submit(() -> crowd.book(user, event, "R", 1, "key")));
        }
        asked.add(attempts);
      }
      for (List<Future<Optional<AcceptedRequest>>> attempts : asked) {
        List<AcceptedRequest> claims = new ArrayList<>();
        for (Future<Optional<AcceptedRequest>> attempt : attempts) {
          claims.add(attempt.get().orElseThrow());
        }
        ofEach.add(claims.stream().distinct().toList());
      }
    }
    return ofEach;
  }

  private static void lock(Connection connection, long event) throws SQLException {
    connection.setAutoCommit(false);
    try (var statement = connection.createStatement()) {
      statement.executeQuery("SELECT id FROM events WHERE id = " + event + " FOR UPDATE").close();
    }
  }

  private void startWorkers() {
    fleet.system().workers().forEach(ApplicationProcess::start);
    fleet.system().workers().forEach(worker -> worker.awaitReady(START));
  }

  private void awaitInHand() {
    Awaitility.await()
        .atMost(LIMIT)
        .until(
            () ->
                fleet.servers().queue().waiting(LocalServers.QUEUE) == 0
                    && fleet.workersMetric("ticketing_in_flight_messages") > 0);
  }

  private long available(long event) throws SQLException {
    return fleet.number("SELECT available_seats FROM events WHERE id = ?", event);
  }
}
