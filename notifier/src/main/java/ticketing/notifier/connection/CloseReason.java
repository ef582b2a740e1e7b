package ticketing.notifier.connection;

import org.springframework.web.socket.CloseStatus;

/// Reasons for which the server closes a connection. Names, codes and reason texts are part of the
/// public contract.
public enum CloseReason {
  /// The final state of the ticket has been sent.
  DECIDED(CloseStatus.NORMAL),
  RESTARTING(CloseStatus.GOING_AWAY.withReason("restarting")),
  SILENT(CloseStatus.GOING_AWAY.withReason("pings were not answered")),
  NO_SUCH_TICKET(CloseStatus.POLICY_VIOLATION.withReason("no such ticket")),
  NO_SUCH_EVENT(CloseStatus.POLICY_VIOLATION.withReason("no such event")),
  TOKEN_EXPIRED(CloseStatus.POLICY_VIOLATION.withReason("the token has expired")),
  /// The token is revoked, or has expired since the handshake.
  TOKEN_ENDED(CloseStatus.POLICY_VIOLATION.withReason("the token no longer counts")),
  TOO_MANY_FRAMES(CloseStatus.POLICY_VIOLATION.withReason("too many frames")),
  FRAME_TOO_BIG(CloseStatus.TOO_BIG_TO_PROCESS),
  SLOW_READER(CloseStatus.SERVICE_OVERLOAD.withReason("reads too slowly")),
  TOO_MANY_SOCKETS(CloseStatus.SERVICE_OVERLOAD.withReason("too many sockets"));

  private final CloseStatus status;

  CloseReason(CloseStatus status) {
    this.status = status;
  }

  public CloseStatus status() {
    return status;
  }
}
