package ticketing.notifier.connection;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;
import ticketing.domain.Json;

/// What a client hears when something it asked for cannot be had: `{"error":{"code","detail"}}`.
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ErrorFrame(Error error) {

  /// @param ticketId which ticket it is about; null if none
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Error(Code code, String detail, @Nullable String ticketId) {}

  /// The names are part of the public contract.
  public enum Code {
    TICKET_NOT_FOUND,
    EVENT_NOT_FOUND,
    BAD_FRAME,
    TOO_MANY_SUBSCRIPTIONS
  }

  public static String ticketNotFound(String ticketId) {
    return json(new Error(Code.TICKET_NOT_FOUND, "You have no such ticket", ticketId));
  }

  public static String eventNotFound() {
    return json(new Error(Code.EVENT_NOT_FOUND, "There is no such event", null));
  }

  public static String badFrame(String detail) {
    return json(new Error(Code.BAD_FRAME, detail, null));
  }

  public static String tooMany(int limit) {
    return json(
        new Error(
            Code.TOO_MANY_SUBSCRIPTIONS,
            "One socket has %d live subscriptions at most; nothing of this frame was subscribed"
                .formatted(limit),
            null));
  }

  private static String json(Error error) {
    return Json.INTERNAL.writeValueAsString(new ErrorFrame(error));
  }
}
