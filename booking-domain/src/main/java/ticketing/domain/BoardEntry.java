package ticketing.domain;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.UUID;

/// A ticket with what only this system may know of it.
///
/// @param owner user id of whoever submitted the command
/// @param fingerprint see [Command#fingerprint()]
/// @param attempt which request wrote a pending entry, see [Command#attempt()]; null once decided
/// @param trace of its decision, see [Traces]; null if that was not sampled
public record BoardEntry(
    String owner,
    String fingerprint,
    UUID attempt,
    @JsonInclude(JsonInclude.Include.NON_NULL) String trace,
    Ticket ticket) {

  public static BoardEntry pending(Command command) {
    UUID attempt = command.attempt() == null ? UUID.randomUUID() : command.attempt();
    return new BoardEntry(
        command.userId(), command.fingerprint(), attempt, null, Ticket.pending(command));
  }

  public static BoardEntry decided(String owner, String fingerprint, Ticket ticket) {
    return new BoardEntry(owner, fingerprint, null, null, ticket);
  }

  BoardEntry with(Ticket changed) {
    return new BoardEntry(owner, fingerprint, attempt, trace, changed);
  }

  public BoardEntry traced(String traceparent) {
    return traceparent == null
        ? this
        : new BoardEntry(owner, fingerprint, attempt, traceparent, ticket);
  }
}
