package ticketing.systemtest.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ticketing.client.Ticket;
import ticketing.local.system.DemoData;
import ticketing.systemtest.client.AcceptedRequest;
import ticketing.systemtest.client.TestClients;
import ticketing.systemtest.fleet.Fleet;

/// Each test violates one guarantee, in the tables or in the recorded responses, and expects that
/// the oracle reports it.
class OracleTest {

  private static final Duration LIMIT = Duration.ofSeconds(90);

  private static final Fleet FLEET = Fleet.shared();
  private static final TestClients CLIENTS = new TestClients(FLEET);

  /// Its short timeout is for violations, because a missing state never arrives.
  private static final Oracle ORACLE = new Oracle(FLEET, CLIENTS, Duration.ofSeconds(1));

  private static long event;
  private static long holds;
  private static AcceptedRequest booked;
  private static AcceptedRequest cancelled;
  private static AcceptedRequest refused;
  private static AcceptedRequest held;

  @BeforeAll
  static void bookCancelAndHold() throws Exception {
    event = FLEET.addEvent("Oracle", 3, null, new DemoData.SeatType("R", "10.00", 10, 10));
    holds = FLEET.addEvent("Oracle holds", null, 60, new DemoData.SeatType("R", "10.00", 10, 10));
    booked = decided(CLIENTS.book("oracle-ann", event, "R", 2, "1"));
    cancelled = decided(CLIENTS.book("oracle-bob", event, "R", 3, "1"));
    decided(CLIENTS.cancel("oracle-bob", cancelled.finalTicket().reservationId(), "2"));
    refused = decided(CLIENTS.book("oracle-ann", event, "R", 2, "2"));
    held = decided(CLIENTS.book("oracle-eve", holds, "R", 1, "1"));
    assertThat(new Oracle(FLEET, CLIENTS).check()).isEmpty();
    assertThat(refused.finalTicket().reason()).isEqualTo("LIMIT_EXCEEDED");
  }

  @AfterAll
  static void closeClients() {
    CLIENTS.close();
  }

  @ParameterizedTest(name = "{1}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          UPDATE seat_types SET available_seats = available_seats + 1 WHERE event_id = :event  | available + kept + held + confirmed <> total
          UPDATE reservations SET quantity = quantity + 1 WHERE id = :booked                   | available + kept + held + confirmed <> total
          UPDATE events SET available_seats = available_seats - 1 WHERE id = :event            | seats of an event <> seats of its types
          DELETE FROM tickets WHERE reservation_id = :booked                                   | is in no table
          DELETE FROM tickets WHERE reservation_id = :booked                                   | a reservation without its ticket
          UPDATE tickets SET user_id = 'mallory' WHERE reservation_id = :booked                | belongs to mallory instead of oracle-ann
          UPDATE reservations SET user_id = 'mallory' WHERE id = :booked                       | a reservation without its ticket
          DELETE FROM reservations WHERE id = :booked                                          | a booking without its reservation
          UPDATE reservations SET status = 'CANCELLED' WHERE id = :booked                      | a cancelled reservation without its ticket, or the reverse
          UPDATE reservations SET status = 'CONFIRMED' WHERE id = :cancelled                   | a cancelled reservation without its ticket, or the reverse
          UPDATE reservations SET status = 'EXPIRED' WHERE id = :booked                        | an expired reservation with a later decision
          UPDATE reservations SET expires_at = '2020-01-01' WHERE id = :held                   | a hold after its expiry
          UPDATE events SET max_seats_per_user = 1 WHERE id = :event                           | a user above the limit
          UPDATE events SET seat_map_revision = 1 WHERE id = :event                            | a numbered reservation without its seats
          INSERT INTO reservation_seats VALUES (:event, 'A-1', :booked)                        | a taken seat without its reservation
          UPDATE tickets SET seats = 'A-1' WHERE reservation_id = :booked                      | a reservation without its ticket
          UPDATE tickets SET decision = 'REJECTED', reason = 'SOLD_OUT' WHERE reservation_id = :booked | in the table FinalState[status=REJECTED
          UPDATE tickets SET decision = 'CONFIRMED', reason = NULL WHERE id = ':refused'       | in the table FinalState[status=CONFIRMED
          UPDATE tickets SET reason = 'SOLD_OUT' WHERE id = ':refused'                         | reason=SOLD_OUT
          UPDATE tickets SET decided_at = decided_at + INTERVAL 1 SECOND WHERE id = ':refused' | client has [FinalState
          UPDATE seat_types SET waiting_parties = 1 WHERE event_id = :event                    | a wrong number of waiting parties
          UPDATE reservations SET offer = TRUE WHERE id = :booked                              | an offer without its entry, or the reverse
          INSERT INTO waiting_entries (ticket_id, event_id, sequence, seat_type, quantity, user_id, price, status, joined_at) SELECT UUID(), event_id, id, 'R', 1, 'oracle-ann', 10, 'WAITING', UTC_TIMESTAMP(6) FROM reservations WHERE event_id = :event | a user who waits twice for an event
          INSERT INTO waiting_entries (ticket_id, event_id, sequence, seat_type, quantity, user_id, price, status, joined_at, ended_sequence) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12) SELECT UUID(), :event, i, 'R', 1, i, 10, IF(i = 1, 'WAITING', 'OFFERED'), UTC_TIMESTAMP(6), IF(i = 1, NULL, i) FROM n | a party overtaken more than 10 times
          UPDATE tickets SET reservation_id = reservation_id + 100000 WHERE reservation_id = :booked | a reservation without its ticket
          """)
  void inconsistentTableIsReported(String statement, String violation) throws Exception {
    try (Connection connection = FLEET.servers().connect()) {
      connection.setAutoCommit(false);
      assertThat(change(connection, statement)).as("changed rows").isPositive();
      assertThat(ORACLE.check(connection)).anyMatch(found -> found.contains(violation));
      connection.rollback();
    }
    assertThat(ORACLE.check()).isEmpty();
  }

  @Test
  void secondReservationOfATicketIsReported() throws Exception {
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
      assertThat(ORACLE.check(connection))
          .anyMatch(violation -> violation.contains("a reservation without its ticket"))
          .anyMatch(
              violation -> violation.contains("available + kept + held + confirmed <> total"));
      connection.rollback();
    }
  }

  @Test
  void missingPushIsReported() throws Exception {
    Set<AcceptedRequest.FinalState> pushed = Set.copyOf(booked.pushed());
    booked.pushed().clear();
    assertThat(ORACLE.check()).singleElement().asString().contains("was not pushed");
    booked.pushed().addAll(pushed);
    assertThat(ORACLE.check()).isEmpty();
  }

  @Test
  void secondFinalStateOfAClientIsReported() throws Exception {
    AcceptedRequest.FinalState other =
        new AcceptedRequest.FinalState(
            Ticket.Status.REJECTED, "SOLD_OUT", null, booked.finalTicket().decidedAt());
    for (Set<AcceptedRequest.FinalState> states : List.of(booked.polled(), booked.pushed())) {
      states.add(other);
      assertThat(ORACLE.check()).singleElement().asString().contains("client has [", "SOLD_OUT");
      states.remove(other);
    }
    assertThat(ORACLE.check()).isEmpty();
  }

  @Test
  void decisionMayReplaceGaveUpOnly() throws Exception {
    AcceptedRequest.FinalState givenUp =
        new AcceptedRequest.FinalState(
            Ticket.Status.REJECTED, "GAVE_UP", null, booked.finalTicket().decidedAt());
    booked.polled().add(givenUp);
    assertThat(ORACLE.check()).isEmpty();
    booked.polled().remove(givenUp);
  }

  @Test
  void lostAcceptedTicketIsReported() throws Exception {
    Ticket lost =
        new Ticket(
            UUID.randomUUID(),
            booked.accepted().action(),
            Ticket.Status.PENDING,
            event,
            "R",
            1,
            null,
            null,
            booked.accepted().acceptedAt(),
            null,
            null,
            null,
            null,
            null,
            null,
            null);
    try (TestClients clients = new TestClients(FLEET)) {
      clients.follow("oracle-ann", lost);
      assertThat(new Oracle(FLEET, clients, Duration.ofSeconds(1)).check())
          .anyMatch(violation -> violation.contains("no final state of"))
          .anyMatch(violation -> violation.contains("was accepted and is in no table"));
    }
  }

  private static AcceptedRequest decided(Optional<AcceptedRequest> request)
      throws InterruptedException {
    CLIENTS.await(request.orElseThrow(), LIMIT);
    return request.orElseThrow();
  }

  private static int change(Connection connection, String sql) throws SQLException {
    try (var statement = connection.createStatement()) {
      return statement.executeUpdate(
          sql.replace(":event", String.valueOf(event))
              .replace(":booked", String.valueOf(booked.finalTicket().reservationId()))
              .replace(":cancelled", String.valueOf(cancelled.finalTicket().reservationId()))
              .replace(":held", String.valueOf(held.finalTicket().reservationId()))
              .replace(":refused", refused.accepted().ticketId().toString()));
    }
  }
}
