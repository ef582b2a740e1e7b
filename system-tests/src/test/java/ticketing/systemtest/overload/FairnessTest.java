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
import ticketing.domain.TicketStatus;
import ticketing.local.system.DemoData;
import ticketing.local.servers.LocalServers;
import ticketing.systemtest.client.AcceptedRequest;
import ticketing.systemtest.client.TestClients;
import ticketing.systemtest.fleet.Fleet;
import ticketing.systemtest.oracle.Oracle;

/// One event that everybody wants, and another.
class FairnessTest {

  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final int CROWD = 60;

  private final Fleet fleet = Fleet.shared();
  private final TestClients crowd = new TestClients(fleet);

  @AfterEach
  void leave() {
    crowd.close();
  }

  @Test
  void eventThatCannotBeDecidedHoldsUpNoOther() throws Exception {
    DemoData.SeatType seats = new DemoData.SeatType("R", "10.00", 1_000, 1_000);
    long stuck = fleet.addEvent("Stuck", null, null, seats);
    long other = fleet.addEvent("Other", null, null, seats);
    try (Connection connection = fleet.servers().connect();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      connection.setAutoCommit(false);
      try (var statement = connection.createStatement()) {
        statement.executeQuery("SELECT id FROM events WHERE id = " + stuck + " FOR UPDATE").close();
      }
      List<Future<?>> booked = new ArrayList<>();
      for (int number = 0; number < CROWD; number++) {
        String user = "fair-" + number;
        booked.add(threads.submit(() -> crowd.book(user, stuck, "R", 1, "key").orElseThrow()));
      }
      for (Future<?> one : booked) {
        one.get();
      }
      Awaitility.await()
          .atMost(LIMIT)
          .until(() -> fleet.servers().queue().waiting(LocalServers.QUEUE) == 0);
      for (int number = 0; number < 4; number++) {
        AcceptedRequest claim = crowd.book("fair", other, "R", 1, "key-" + number).orElseThrow();
        assertThat(crowd.await(claim, LIMIT).status()).isEqualTo(TicketStatus.CONFIRMED);
      }
      assertThat(fleet.number("SELECT COUNT(*) FROM tickets WHERE event_id = ?", stuck)).isZero();
      connection.rollback();
    }
    assertThat(new Oracle(fleet, crowd).judge()).isEmpty();
  }
}
