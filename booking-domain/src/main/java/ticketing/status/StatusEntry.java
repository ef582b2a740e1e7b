package ticketing.status;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.UUID;
import ticketing.domain.Command;
import ticketing.domain.Ticket;

/// A ticket with what only this system may know of it.
///
/// @param owner user id of whoever submitted the command
/// @param fingerprint see [Command#fingerprint()]
/// @param attempt which request wrote a pending entry, see [Command#attempt()]; null once decided
/// @param trace of its decision, see [Traces]; null if that was not sampled
public record StatusEntry(
    String owner,
    String fingerprint,
    UUID attempt,
    @JsonInclude(JsonInclude.Include.NON_NULL) String trace,
    Ticket ticket) {

  public static StatusEntry pending(Command command) {
    UUID attempt = command.attempt() == null ? UUID.randomUUID() : command.attempt();
    return new StatusEntry(
        command.userId(), command.fingerprint(), attempt, null, Ticket.pending(command));
  }

  public static StatusEntry decided(String owner, String fingerprint, Ticket ticket) {
    return new StatusEntry(owner, fingerprint, null, null, ticket);
  }

  StatusEntry with(Ticket changed) {
    return new StatusEntry(owner, fingerprint, attempt, trace, changed);
  }

  public StatusEntry traced(String traceparent) {
    return traceparent == null
        ? this
        : new StatusEntry(owner, fingerprint, attempt, traceparent, ticket);
  }
}
