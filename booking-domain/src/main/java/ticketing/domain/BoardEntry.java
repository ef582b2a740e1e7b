package ticketing.domain;

import java.util.UUID;

/// A ticket with what only this system may know of it.
///
/// @param owner user id of whoever submitted the command
/// @param fingerprint see [Command#fingerprint()]
/// @param attempt which request wrote a pending entry; null once decided
public record BoardEntry(String owner, String fingerprint, UUID attempt, Ticket ticket) {

  public static BoardEntry pending(Command command) {
    return new BoardEntry(
        command.userId(), command.fingerprint(), UUID.randomUUID(), Ticket.pending(command));
  }

  public static BoardEntry decided(String owner, String fingerprint, Ticket ticket) {
    return new BoardEntry(owner, fingerprint, null, ticket);
  }

  BoardEntry with(Ticket changed) {
    return new BoardEntry(owner, fingerprint, attempt, changed);
  }
}
