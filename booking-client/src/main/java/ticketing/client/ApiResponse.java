package ticketing.client;

import java.time.Duration;
import java.util.Map;

/// Response to one request.
///
/// @param headers values by name in lower case; the last value of a repeated header
/// @param body empty if there is none
public record ApiResponse(int status, Map<String, String> headers, String body) {

  /// Pause that the server requires before the next request.
  ///
  /// @return `fallback` if the header is absent or is not a number of seconds
  public Duration retryAfter(Duration fallback) {
    String value = headers.get("retry-after");
    if (value == null || value.isEmpty() || value.length() > 9) {
      return fallback;
    }
    return value.chars().allMatch(Character::isDigit)
        ? Duration.ofSeconds(Long.parseLong(value))
        : fallback;
  }

  boolean hasRetryAfter() {
    return headers.containsKey("retry-after");
  }

  /// @return `code` of the problem detail, such as `SALE_CLOSED`; empty if there is none
  public String problemCode() {
    return Payloads.field(body, "code");
  }
}
