package ticketing.client;

import java.time.Duration;

/// Result of a command or of a poll.
public sealed interface TicketResult {

  /// The server knows the ticket. After a command, the command is durably queued.
  ///
  /// @param retryAfter pause before the next poll
  record Success(Ticket ticket, Duration retryAfter) implements TicketResult {}

  /// The server refused the request. After a command, the command is not queued.
  ///
  /// @param code problem code such as `SALE_CLOSED`; empty if the body has none
  /// @param detail text for people; empty if the body has none
  /// @param retryAfter pause that the server requires; zero if it requires none
  /// @param retryable whether a repetition of the same request can succeed
  record Refused(int status, String code, String detail, Duration retryAfter, boolean retryable)
      implements TicketResult {}

  /// No attempt gave certainty: a command may be queued. Repeat it with the same idempotency key.
  ///
  /// @param cause last error, for logs
  record Unresolved(String cause) implements TicketResult {}
}
