package ticketing.systemtest.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ticketing.domain.Command;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketIds;
import ticketing.domain.TicketStatus;
import ticketing.local.system.DemoData;
import ticketing.systemtest.client.AcceptedRequest;
import ticketing.systemtest.client.TestClients;
import ticketing.systemtest.fleet.Fleet;

/// That the oracle sees what it is there to see: each test breaks one guarantee, in the tables or
/// in what a client was told, and nothing else.
class OracleTest {

  private static final Duration LIMIT = Duration.ofSeconds(90);

  private static final Fleet FLEET = Fleet.shared();
  private static final TestClients CROWD = new TestClients(FLEET);

  /// Once what is missing is known to be missing.
  private static final Oracle ORACLE = new Oracle(FLEET, CROWD, Duration.ofSeconds(1));

  private static long event;
  private static long holds;
  private static AcceptedRequest booked;
  private static AcceptedRequest cancelled;
  private static AcceptedRequest refused;
  private static AcceptedRequest held;

  @BeforeAll
  static void sell() throws Exception {
    event = FLEET.addEvent("Judged", 3, null, new DemoData.SeatType("R", "10.00", 10, 10));
    holds = FLEET.addEvent("Judged holds", null, 60, new DemoData.SeatType("R", "10.00", 10, 10));
    booked = ended(CROWD.book("judged-ann", event, "R", 2, "1"));
    cancelled = ended(CROWD.book("judged-bob", event, "R", 3, "1"));
    ended(CROWD.cancel("judged-bob", cancelled.end().reservationId(), "2"));
    refused = ended(CROWD.book("judged-ann", event, "R", 2, "2"));
    held = ended(CROWD.book("judged-eve", holds, "R", 1, "1"));
    assertThat(new Oracle(FLEET, CROWD).judge()).isEmpty();
    assertThat(refused.end().reason()).isEqualTo(Reason.LIMIT_EXCEEDED);
  }

  @AfterAll
  static void leave() {
    CROWD.close();
  }

  @ParameterizedTest(name = "{1}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          UPDATE seat_types SET available_seats = available_seats + 1 WHERE event_id = :event  | available + held + confirmed <> total
          UPDATE reservations SET quantity = quantity + 1 WHERE id = :booked                   | available + held + confirmed <> total
          UPDATE events SET available_seats = available_seats - 1 WHERE id = :event            | seats of an event <> seats of its types
          DELETE FROM tickets WHERE reservation_id = :booked                                   | is in no table
          DELETE FROM tickets WHERE reservation_id = :booked                                   | a reservation without the ticket that booked it
          UPDATE tickets SET user_id = 'mallory' WHERE reservation_id = :booked                | belongs to mallory instead of judged-ann
          UPDATE reservations SET user_id = 'mallory' WHERE id = :booked                       | a reservation without the ticket that booked it
          DELETE FROM reservations WHERE id = :booked                                          | a booking without its reservation
          UPDATE reservations SET status = 'CANCELLED' WHERE id = :booked                      | a cancellation that is none
          UPDATE reservations SET status = 'CONFIRMED' WHERE id = :cancelled                   | a cancellation that is none
          UPDATE reservations SET status = 'EXPIRED' WHERE id = :booked                        | an expired reservation that was confirmed
          UPDATE reservations SET expires_at = '2020-01-01' WHERE id = :held                   | a hold that should have expired
          UPDATE events SET max_seats_per_user = 1 WHERE id = :event                           | a user above the limit
          UPDATE tickets SET decision = 'REJECTED', reason = 'SOLD_OUT' WHERE reservation_id = :booked | in the table End[status=REJECTED
          UPDATE tickets SET decision = 'CONFIRMED', reason = NULL WHERE id = ':refused'       | in the table End[status=CONFIRMED
          UPDATE tickets SET reason = 'SOLD_OUT' WHERE id = ':refused'                         | reason=SOLD_OUT
          UPDATE tickets SET decided_at = decided_at + INTERVAL 1 SECOND WHERE id = ':refused' | told [End
          UPDATE tickets SET reservation_id = reservation_id + 100000 WHERE reservation_id = :booked | a reservation without the ticket that booked it
          """)
  void tablesThatWereTamperedWithAreFound(String tamper, String found) throws Exception {
    try (Connection connection = FLEET.servers().connect()) {
      connection.setAutoCommit(false);
      assertThat(change(connection, tamper)).as("rows that were changed").isPositive();
      assertThat(ORACLE.judge(connection)).anyMatch(broken -> broken.contains(found));
      connection.rollback();
    }
    assertThat(ORACLE.judge()).isEmpty();
  }

  @Test
  void secondReservationForTheSameTicketIsFound() throws Exception {
    try (Connection connection = FLEET.servers().connect()) {
      connection.setAutoCommit(false);
      change(
          connection,
          """
          INSERT INTO reservations (ticket_id, event_id, user_id, quantity, seat_type, total_price,
                 status, reserved_at)
          SELECT UUID(), event_id, user_id, quantity, seat_type, total_price, status, reserved_at
          FROM reservations WHERE id = :booked
          """);
      assertThat(ORACLE.judge(connection))
          .anyMatch(broken -> broken.contains("a reservation without the ticket"))
          .anyMatch(broken -> broken.contains("available + held + confirmed <> total"));
      connection.rollback();
    }
  }

  @Test
  void missingPushIsFound() throws Exception {
    Set<AcceptedRequest.End> pushed = Set.copyOf(booked.pushed());
    booked.pushed().clear();
    assertThat(ORACLE.judge()).singleElement().asString().contains("was never pushed");
    booked.pushed().addAll(pushed);
    assertThat(ORACLE.judge()).isEmpty();
  }

  @Test
  void secondEndThatAClientWasToldIsFound() throws Exception {
    AcceptedRequest.End other =
        new AcceptedRequest.End(
            TicketStatus.REJECTED, Reason.SOLD_OUT, null, booked.end().decidedAt());
    for (Set<AcceptedRequest.End> told : List.of(booked.polled(), booked.pushed())) {
      told.add(other);
      assertThat(ORACLE.judge()).singleElement().asString().contains("told [", "SOLD_OUT");
      told.remove(other);
    }
    assertThat(ORACLE.judge()).isEmpty();
  }

  /// A dead letter that was redriven may be decided after all; nothing else may change.
  @Test
  void onlyGivingUpMayBeFollowedByAnotherEnd() throws Exception {
    AcceptedRequest.End givenUp =
        new AcceptedRequest.End(
            TicketStatus.REJECTED, Reason.GAVE_UP, null, booked.end().decidedAt());
    booked.polled().add(givenUp);
    assertThat(ORACLE.judge()).isEmpty();
    booked.polled().remove(givenUp);
  }

  @Test
  void acceptedTicketThatNobodyKnowsIsFound() throws Exception {
    Ticket lost =
        Ticket.pending(
            new Command.BookSeats(
                TicketIds.newId(), "judged-ann", event, "R", 1, booked.accepted().acceptedAt()));
    try (TestClients crowd = new TestClients(FLEET)) {
      crowd.claim("judged-ann", lost);
      assertThat(new Oracle(FLEET, crowd, Duration.ofSeconds(1)).judge())
          .anyMatch(broken -> broken.contains("no end of"))
          .anyMatch(broken -> broken.contains("was accepted and is in no table"));
    }
  }

  private static AcceptedRequest ended(Optional<AcceptedRequest> claim)
      throws InterruptedException {
    CROWD.await(claim.orElseThrow(), LIMIT);
    return claim.orElseThrow();
  }

  private static int change(Connection connection, String sql) throws SQLException {
    try (var statement = connection.createStatement()) {
      return statement.executeUpdate(
          sql.replace(":event", String.valueOf(event))
              .replace(":booked", String.valueOf(booked.end().reservationId()))
              .replace(":cancelled", String.valueOf(cancelled.end().reservationId()))
              .replace(":held", String.valueOf(held.end().reservationId()))
              .replace(":refused", refused.accepted().ticketId().toString()));
    }
  }
}
