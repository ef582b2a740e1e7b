package ticketing.ingress.ticket;

import ticketing.domain.Ticket;

/// Result of a read of one ticket on behalf of a user.
sealed interface TicketLookup {

  /// The user may read this ticket.
  record Found(Ticket ticket) implements TicketLookup {}

  /// No such ticket was issued to the user.
  record NotFound() implements TicketLookup {}

  /// The ticket was issued to the user, and its state cannot be read at present.
  record Unavailable() implements TicketLookup {}
}
