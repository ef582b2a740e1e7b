package ticketing.systemtest.overload;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import ticketing.client.Ticket;
import ticketing.local.servers.LocalServers;
import ticketing.local.system.DemoData;
import ticketing.systemtest.client.AcceptedRequest;
import ticketing.systemtest.client.TestClients;
import ticketing.systemtest.fleet.Fleet;
import ticketing.systemtest.oracle.Oracle;

/// Isolation between events.
class FairnessTest {

  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final int BUYERS = 60;

  private final Fleet fleet = Fleet.shared();
  private final TestClients clients = new TestClients(fleet);

  @AfterEach
  void closeClients() {
    clients.close();
  }

  @Test
  void lockedEventDelaysNoOtherEvent() throws Exception {
    DemoData.SeatType seats = new DemoData.SeatType("R", "10.00", 1_000, 1_000);
    long locked = fleet.addEvent("Locked", null, null, seats);
    long other = fleet.addEvent("Other", null, null, seats);
    try (Connection connection = fleet.servers().connect();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      connection.setAutoCommit(false);
      try (var statement = connection.createStatement()) {
        statement
            .executeQuery("SELECT id FROM events WHERE id = " + locked + " FOR UPDATE")
            .close();
      }
      List<Future<?>> booked = new ArrayList<>();
      for (int number = 0; number < BUYERS; number++) {
        String user = "fair-" + number;
        booked.add(threads.submit(() -> clients.book(user, locked, "R", 1, "key").orElseThrow()));
      }
      for (Future<?> future : booked) {
        future.get();
      }
      Awaitility.await()
          .atMost(LIMIT)
          .until(() -> fleet.servers().queue().visible(LocalServers.QUEUE) == 0);
      for (int number = 0; number < 4; number++) {
        AcceptedRequest request =
            clients.book("fair", other, "R", 1, "key-" + number).orElseThrow();
        assertThat(clients.await(request, LIMIT).status()).isEqualTo(Ticket.Status.CONFIRMED);
      }
      assertThat(fleet.number("SELECT COUNT(*) FROM tickets WHERE event_id = ?", locked)).isZero();
      connection.rollback();
    }
    assertThat(new Oracle(fleet, clients).check()).isEmpty();
  }
}
