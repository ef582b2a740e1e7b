package ticketing.notifier.handshake;

import org.springframework.http.HttpStatus;
import ticketing.domain.Json;

/// Problem detail of RFC 9457.
///
/// @param code stable code of the public contract
public record Problem(String type, String title, int status, String detail, String code) {

  /// Returns the JSON of a problem.
  public static byte[] json(HttpStatus status, String detail, String code) {
    return Json.INTERNAL.writeValueAsBytes(
        new Problem("about:blank", status.getReasonPhrase(), status.value(), detail, code));
  }
}
