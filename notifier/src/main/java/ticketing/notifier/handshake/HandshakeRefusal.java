package ticketing.notifier.handshake;

import java.io.IOException;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.server.ServerHttpResponse;

/// Reasons for which a handshake is refused. The names are part of the public contract.
public enum HandshakeRefusal {
  UNAUTHENTICATED(HttpStatus.UNAUTHORIZED),
  /// The event does not exist or has no seat map.
  NO_SEAT_MAP(HttpStatus.NOT_FOUND),
  UPGRADE_REQUIRED(HttpStatus.UPGRADE_REQUIRED),
  /// The user or the address has its maximum number of connections, or all anonymous connections
  /// are in use.
  RATE_LIMITED(HttpStatus.TOO_MANY_REQUESTS),
  ISSUER_UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE),
  /// Neither Redis nor ingress-api can be read.
  SEATS_UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE),
  TOO_MANY_SOCKETS(HttpStatus.SERVICE_UNAVAILABLE);

  private final HttpStatus status;

  HandshakeRefusal(HttpStatus status) {
    this.status = status;
  }

  public HttpStatus status() {
    return status;
  }

  /// Writes the status and an RFC 9457 problem detail. The caller sets further headers first.
  public void write(ServerHttpResponse response, String detail) throws IOException {
    response.setStatusCode(status);
    response.getHeaders().setContentType(MediaType.APPLICATION_PROBLEM_JSON);
    response.getBody().write(Problem.json(status, detail, name()));
  }
}
