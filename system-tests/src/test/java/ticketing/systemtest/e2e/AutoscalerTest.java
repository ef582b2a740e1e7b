package ticketing.systemtest.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import ticketing.client.Ticket;
import ticketing.local.scaling.Autoscaler;
import ticketing.local.scaling.ScalingPolicy;
import ticketing.local.system.DemoData;
import ticketing.systemtest.client.TestClients;
import ticketing.systemtest.fleet.Fleet;
import ticketing.systemtest.oracle.Oracle;

class AutoscalerTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(120);
  private static final int BUYERS = 300;

  private final Fleet fleet = Fleet.shared();

  @Test
  void workersFollowTheBacklogAndDecideOnce() throws Exception {
    long event =
        fleet.addEvent("Flood", null, null, new DemoData.SeatType("R", "10.00", 1_000, 1_000));
    List<String> changes = new CopyOnWriteArrayList<>();
    // The target is a backlog of 60 for each worker.
    ScalingPolicy.Bounds bounds =
        new ScalingPolicy.Bounds(2, 3, Duration.ofSeconds(1), Duration.ofSeconds(3));
    Autoscaler autoscaler = new Autoscaler(fleet.system(), bounds, 60, changes::add);
    try (TestClients clients = new TestClients(fleet);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      // The backlog remains until a worker is added.
      fleet.system().workers().forEach(worker -> fleet.network().cut(worker.name()));
      List<Future<?>> bookings =
          IntStream.range(0, BUYERS)
              .<Future<?>>mapToObj(buyer ->
                  threads.submit(() -> clients.book("flood-" + buyer, event, "R", 1, "key")))
              .toList();
      for (Future<?> booking : bookings) {
        booking.get();
      }
      Future<?> scaling =
          threads.submit(() -> {
            autoscaler.run();
            return null;
          });
      Awaitility.await().atMost(TIMEOUT).until(() -> fleet.system().workers().size() == 3);
      fleet.system().workers().forEach(worker -> fleet.network().heal(worker.name()));
      Awaitility.await()
          .atMost(TIMEOUT)
          .until(() ->
              fleet.number("SELECT COUNT(*) FROM tickets WHERE event_id = ?", event) == BUYERS);
      Awaitility.await().atMost(TIMEOUT).until(() -> fleet.system().workers().size() == 2);
      scaling.cancel(true);

      assertThat(new Oracle(fleet, clients).check()).isEmpty();
      assertThat(clients.requests())
          .hasSize(BUYERS)
          .allMatch(request -> request.finalTicket().status() == Ticket.Status.CONFIRMED);
      assertThat(changes.getFirst()).endsWith("2 -> 3 workers");
      assertThat(changes.getLast()).endsWith("3 -> 2 workers");
    }
  }
}
