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
import ticketing.local.system.DemoData;
import ticketing.local.servers.LocalServers;
import ticketing.local.system.ApplicationProcess;
import ticketing.local.system.LocalSystem;
import ticketing.systemtest.client.AcceptedRequest;
import ticketing.systemtest.client.TestClients;
import ticketing.systemtest.fleet.Fleet;
import ticketing.systemtest.oracle.Oracle;

/// Processes that are told to stop while there is work.
class StopTest {

  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final Duration START = Duration.ofSeconds(300);
  private static final Duration GRACE = Duration.ofSeconds(60);
  private static final int BUYERS = 6;
  private static final int HANDFUL = 60;
  private static final long PAUSE_MILLIS = 100; // of a buyer between two bookings

  private final Fleet fleet = Fleet.shared();
  private final TestClients crowd = new TestClients(fleet);
  private final HttpClient http = HttpClient.newHttpClient();
  private volatile boolean stopping;

  @AfterEach
  void leave() {
    crowd.close();
    http.close();
  }

  @Test
  void stoppingWorkersFinishWhatTheyHoldAndNothingIsDeliveredAgain() throws Exception {
    long event = fleet.addEvent("Stop", null, null, new DemoData.SeatType("R", "10.00", 100, 100));
    List<ApplicationProcess> workers = fleet.system().workers();
    List<CompletableFuture<Boolean>> stops = new ArrayList<>();
    try (Connection connection = fleet.servers().connect();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      lock(connection, event);
      List<Future<?>> booked = new ArrayList<>();
      for (int number = 0; number < HANDFUL; number++) {
        String user = "stop-" + number;
        booked.add(threads.submit(() -> crowd.book(user, event, "R", 1, "key").orElseThrow()));
      }
      for (Future<?> one : booked) {
        one.get();
      }
      awaitAllInHand();
      for (ApplicationProcess worker : workers) {
        stops.add(CompletableFuture.supplyAsync(() -> worker.stop(GRACE), threads));
      }
      // They are stopping, and what they hold waits for this row.
      Awaitility.await().atMost(LIMIT).until(() -> workers.stream().noneMatch(this::isReady));
      connection.rollback();
      assertThat(stops).allSatisfy(stop -> assertThat(stop.get()).as("ended by itself").isTrue());
    }
    // Received and not deleted counts too: it would be delivered again.
    assertThat(fleet.servers().queue().backlog(LocalServers.QUEUE)).isZero();
    assertThat(fleet.number("SELECT COUNT(*) FROM tickets WHERE event_id = ?", event))
        .isEqualTo(HANDFUL);
    workers.forEach(ApplicationProcess::start);
    workers.forEach(worker -> worker.awaitReady(START));
    assertThat(fleet.workersMetric("ticketing_redeliveries_total")).isZero();
    assertThat(new Oracle(fleet, crowd).judge()).isEmpty();
  }

  @Test
  void restartOfOneProcessAfterTheOtherIsNoMoreThanAReconnect() throws Exception {
    long event =
        fleet.addEvent("Roll", null, null, new DemoData.SeatType("R", "10.00", 100_000, 100_000));
    double redelivered = -fleet.workersMetric("ticketing_redeliveries_total");
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> buyers = new ArrayList<>();
      for (int number = 0; number < BUYERS; number++) {
        String user = "roll-" + event + "-" + number;
        buyers.add(threads.submit(() -> live(user, event)));
      }
      try {
        for (ApplicationProcess application : oneOfEach()) {
          int accepted = crowd.claims().size();
          if (fleet.system().workers().contains(application)) {
            redelivered += application.metric("ticketing_redeliveries_total");
          }
          assertThat(application.stop(GRACE)).as(application.name() + " ended").isTrue();
          application.start();
          application.awaitReady(START);
          // Business goes on before the next one goes.
          Awaitility.await().atMost(LIMIT).until(() -> crowd.claims().size() > accepted + BUYERS);
        }
      } finally {
        stopping = true;
      }
      for (Future<?> buyer : buyers) {
        buyer.get();
      }
    }
    Awaitility.await()
        .atMost(LIMIT)
        .until(() -> fleet.servers().queue().backlog(LocalServers.QUEUE) == 0);
    assertThat(crowd.wrong()).isEmpty();
    assertThat(crowd.refusals()).isEmpty();
    assertThat(crowd.turnedAway()).as("answers 429 or 503").isZero();
    assertThat(crowd.unanswered()).isZero();
    assertThat(redelivered + fleet.workersMetric("ticketing_redeliveries_total"))
        .as("messages delivered again")
        .isZero();
    assertThat(new Oracle(fleet, crowd).judge()).isEmpty();
    System.out.printf(
        "rolling restart: %,d accepted, %,d reconnects%n", crowd.claims().size(), crowd.repeated());
  }

  /// The second of each is the same program.
  private List<ApplicationProcess> oneOfEach() {
    LocalSystem system = fleet.system();
    return List.of(system.ingress(), system.notifier(), system.workers().getFirst());
  }

  private Void live(String user, long event) throws InterruptedException {
    for (int number = 0; !stopping; number++) {
      AcceptedRequest claim = crowd.book(user, event, "R", 1, "key-" + number).orElseThrow();
      crowd.await(claim, LIMIT);
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    }
    return null;
  }

  private boolean isReady(ApplicationProcess application) {
    HttpRequest request =
        HttpRequest.newBuilder(application.managementUrl().resolve("/actuator/health/readiness"))
            .timeout(LIMIT)
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

  private void awaitAllInHand() {
    Awaitility.await()
        .atMost(LIMIT)
        .until(
            () ->
                fleet.servers().queue().waiting(LocalServers.QUEUE) == 0
                    && fleet.workersMetric("ticketing_in_flight_messages") > 0);
  }
}
