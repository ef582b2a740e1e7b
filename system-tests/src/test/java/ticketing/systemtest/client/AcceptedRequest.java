package ticketing.systemtest.client;

import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import ticketing.client.Ticket;

/// One request with the response 202, and every final state that its client received. Thread-safe.
public final class AcceptedRequest {

  /// Values that must be equal in the poll, the frame and the table.
  public record FinalState(
      Ticket.Status status, String reason, Long reservationId, Instant decidedAt) {

    static FinalState of(Ticket ticket) {
      return new FinalState(
          ticket.status(), ticket.reason(), ticket.reservationId(), ticket.decidedAt());
    }
  }

  private final String userId;
  private final Ticket accepted;
  private final Set<FinalState> polled = ConcurrentHashMap.newKeySet();
  private final Set<FinalState> pushed = ConcurrentHashMap.newKeySet();
  private volatile Ticket finalTicket;

  AcceptedRequest(String userId, Ticket accepted) {
    this.userId = userId;
    this.accepted = accepted;
  }

  public String userId() {
    return userId;
  }

  public Ticket accepted() {
    return accepted;
  }

  /// Null until the client receives a final state.
  public Ticket finalTicket() {
    return finalTicket;
  }

  public Set<FinalState> polled() {
    return polled;
  }

  public Set<FinalState> pushed() {
    return pushed;
  }

  void addPolled(Ticket ticket) {
    add(polled, ticket);
  }

  void addPushed(Ticket ticket) {
    add(pushed, ticket);
  }

  private void add(Set<FinalState> states, Ticket ticket) {
    if (ticket.isFinal()) {
      states.add(FinalState.of(ticket));
      finalTicket = ticket;
    }
  }
}
