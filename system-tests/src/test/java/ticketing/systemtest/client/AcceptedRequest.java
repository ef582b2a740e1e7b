package ticketing.systemtest.client;

import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;

/// One request that was answered 202, and every end its client was ever told.
public final class AcceptedRequest {

  /// What must be the same wherever it is told.
  public record End(TicketStatus status, Reason reason, Long reservationId, Instant decidedAt) {
    static End of(Ticket ticket) {
      return new End(ticket.status(), ticket.reason(), ticket.reservationId(), ticket.decidedAt());
    }
  }

  private final String userId;
  private final Ticket accepted;
  private final Set<End> polled = ConcurrentHashMap.newKeySet();
  private final Set<End> pushed = ConcurrentHashMap.newKeySet();
  private volatile Ticket end;

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

  /// Null while nobody has been told one.
  public Ticket end() {
    return end;
  }

  public Set<End> polled() {
    return polled;
  }

  public Set<End> pushed() {
    return pushed;
  }

  public void polled(Ticket ticket) {
    tell(polled, ticket);
  }

  public void pushed(Ticket ticket) {
    tell(pushed, ticket);
  }

  private void tell(Set<End> told, Ticket ticket) {
    if (ticket.status().isFinal()) {
      told.add(End.of(ticket));
      end = ticket;
    }
  }
}
