package ticketing.systemtest.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import ticketing.local.servers.LocalServers;
import ticketing.local.system.ApplicationProcess;
import ticketing.local.system.DemoData;
import ticketing.local.system.LocalSystem;
import ticketing.systemtest.client.AcceptedRequest;
import ticketing.systemtest.client.TestClients;
import ticketing.systemtest.fleet.Fleet;
import ticketing.systemtest.oracle.Oracle;

/// Graceful stop of processes under load.
class StopTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(120);
  private static final Duration START_TIMEOUT = Duration.ofSeconds(300);
  private static final Duration STOP_GRACE = Duration.ofSeconds(60);
  private static final int BUYERS = 6;
  private static final int IN_FLIGHT_BOOKINGS = 60;
  private static final long BUYER_PAUSE = 100; // ms

  private final Fleet fleet = Fleet.shared();
  private final TestClients clients = new TestClients(fleet);
  private final HttpClient http = HttpClient.newHttpClient();
  private volatile boolean stopping;

  @AfterEach
  void closeClients() {
    clients.close();
    http.close();
  }

  @Test
  void stoppingWorkersFinishReceivedMessages() throws Exception {
    long event = fleet.addEvent("Stop", null, null, new DemoData.SeatType("R", "10.00", 100, 100));
    List<ApplicationProcess> workers = fleet.system().workers();
    List<CompletableFuture<Boolean>> stops = new ArrayList<>();
    try (Connection connection = fleet.servers().connect();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      lock(connection, event);
      List<Future<?>> booked = new ArrayList<>();
      for (int number = 0; number < IN_FLIGHT_BOOKINGS; number++) {
        String user = "stop-" + number;
        booked.add(threads.submit(() -> clients.book(user, event, "R", 1, "key").orElseThrow()));
      }
      for (Future<?> future : booked) {
        future.get();
      }
      awaitAllInFlight();
      for (ApplicationProcess worker : workers) {
        stops.add(CompletableFuture.supplyAsync(() -> worker.stop(STOP_GRACE), threads));
      }
      // The workers stop, and their batches block on the locked row.
      Awaitility.await().atMost(TIMEOUT).until(() -> workers.stream().noneMatch(this::isReady));
      connection.rollback();
      assertThat(stops)
          .allSatisfy(stop -> assertThat(stop.get()).as("ended within the grace period").isTrue());
    }
    // The backlog includes received messages, which would be redeliveries.
    assertThat(fleet.servers().queue().backlog(LocalServers.QUEUE)).isZero();
    assertThat(fleet.number("SELECT COUNT(*) FROM tickets WHERE event_id = ?", event))
        .isEqualTo(IN_FLIGHT_BOOKINGS);
    workers.forEach(ApplicationProcess::start);
    workers.forEach(worker -> worker.awaitReady(START_TIMEOUT));
    assertThat(fleet.workersMetric("ticketing_redeliveries_total")).isZero();
    assertThat(new Oracle(fleet, clients).check()).isEmpty();
  }

  @Test
  void rollingRestartCausesOnlyReconnects() throws Exception {
    long event =
        fleet.addEvent("Roll", null, null, new DemoData.SeatType("R", "10.00", 100_000, 100_000));
    double redeliveries = -fleet.workersMetric("ticketing_redeliveries_total");
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> buyers = new ArrayList<>();
      for (int number = 0; number < BUYERS; number++) {
        String user = "roll-" + event + "-" + number;
        buyers.add(threads.submit(() -> bookRepeatedly(user, event)));
      }
      try {
        for (ApplicationProcess application : oneOfEach()) {
          int accepted = clients.requests().size();
          if (fleet.system().workers().contains(application)) {
            redeliveries += application.metric("ticketing_redeliveries_total");
          }
          assertThat(application.stop(STOP_GRACE)).as(application.name() + " ended").isTrue();
          application.start();
          application.awaitReady(START_TIMEOUT);
          // Bookings continue before the next process stops.
          Awaitility.await()
              .atMost(TIMEOUT)
              .until(() -> clients.requests().size() > accepted + BUYERS);
        }
      } finally {
        stopping = true;
      }
      for (Future<?> buyer : buyers) {
        buyer.get();
      }
    }
    Awaitility.await()
        .atMost(TIMEOUT)
        .until(() -> fleet.servers().queue().backlog(LocalServers.QUEUE) == 0);
    assertThat(clients.violations()).isEmpty();
    assertThat(clients.refusals()).isEmpty();
    assertThat(clients.overloaded()).as("responses 429 or 503").isZero();
    assertThat(clients.unanswered()).isZero();
    assertThat(redeliveries + fleet.workersMetric("ticketing_redeliveries_total"))
        .as("redelivered messages")
        .isZero();
    assertThat(new Oracle(fleet, clients).check()).isEmpty();
    System.out.printf(
        "rolling restart: %,d accepted, %,d reconnects%n",
        clients.requests().size(), clients.repeated());
  }

  /// One process of each kind, because the second one runs the same program.
  private List<ApplicationProcess> oneOfEach() {
    LocalSystem system = fleet.system();
    return List.of(system.ingress(), system.notifier(), system.workers().getFirst());
  }

  private Void bookRepeatedly(String user, long event) throws InterruptedException {
    for (int number = 0; !stopping; number++) {
      AcceptedRequest request = clients.book(user, event, "R", 1, "key-" + number).orElseThrow();
      clients.await(request, TIMEOUT);
      TimeUnit.MILLISECONDS.sleep(BUYER_PAUSE);
    }
    return null;
  }

  private boolean isReady(ApplicationProcess application) {
    HttpRequest request =
        HttpRequest.newBuilder(application.managementUrl().resolve("/actuator/health/readiness"))
            .timeout(TIMEOUT)
            .build();
    try {
      return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private static void lock(Connection connection, long event) throws SQLException {
    connection.setAutoCommit(false);
    try (var statement = connection.createStatement()) {
      statement.executeQuery("SELECT id FROM events WHERE id = " + event + " FOR UPDATE").close();
    }
  }

  private void awaitAllInFlight() {
    Awaitility.await()
        .atMost(TIMEOUT)
        .until(() ->
            fleet.servers().queue().visible(LocalServers.QUEUE) == 0
                && fleet.workersMetric("ticketing_in_flight_messages") > 0);
  }
}
