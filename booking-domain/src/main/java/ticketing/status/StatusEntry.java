package ticketing.status;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import ticketing.domain.Command;
import ticketing.domain.Ticket;
import ticketing.domain.TicketIds;

/// Ticket with its internal data.
///
/// @param owner id of the user who submitted the command
/// @param fingerprint see [Command#fingerprint()]; a pending entry may contain only its beginning
/// @param attemptId attempt that stored a pending entry, see [Command#attemptId()]; null if decided
/// @param trace `traceparent` of the decision; null if it is not sampled
public record StatusEntry(
    String owner,
    @Nullable String fingerprint,
    @Nullable @JsonProperty("attempt") UUID attemptId,
    @Nullable @JsonInclude(JsonInclude.Include.NON_NULL) String trace,
    Ticket ticket) {

  /// Minimum length of the beginning of a fingerprint that identifies a request.
  static final int MIN_FINGERPRINT = 10;

  public StatusEntry {
    Objects.requireNonNull(owner, "owner");
    Objects.requireNonNull(ticket, "ticket");
    Objects.requireNonNull(ticket.ticketId(), "ticketId");
    Objects.requireNonNull(ticket.status(), "status");
  }

  /// Returns true if the entry has this fingerprint, or its beginning.
  public boolean hasFingerprint(String full) {
    return fingerprint != null
        && (fingerprint.equals(full)
            || fingerprint.length() >= MIN_FINGERPRINT && full.startsWith(fingerprint));
  }

  /// Returns the entry of an accepted command. An attempt id is generated if the command has none.
  public static StatusEntry pending(Command command) {
    UUID attemptId =
        command.attemptId() == null
            ? TicketIds.newAttempt(command.ticketId())
            : command.attemptId();
    return new StatusEntry(
        command.userId(), command.fingerprint(), attemptId, null, Ticket.pending(command));
  }

  /// Returns the entry of a decided ticket.
  public static StatusEntry decided(String owner, @Nullable String fingerprint, Ticket ticket) {
    return new StatusEntry(owner, fingerprint, null, null, ticket);
  }

  /// Returns the decided successor of this entry.
  public StatusEntry decided(Ticket decided) {
    return decided(owner, fingerprint, decided);
  }

  /// Returns this entry with the `traceparent` of its decision; unchanged if that is null.
  public StatusEntry withTrace(@Nullable String traceparent) {
    return traceparent == null
        ? this
        : new StatusEntry(owner, fingerprint, attemptId, traceparent, ticket);
  }

  StatusEntry withTicket(Ticket changed) {
    return new StatusEntry(owner, fingerprint, attemptId, trace, changed);
  }
}
