package ticketing.notifier.connection;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;
import ticketing.domain.Json;

/// Frame for a request that the server cannot serve: `{"error":{"code","detail"}}` with the
/// `ticketId` or the `eventId` of the request.
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ErrorFrame(Error error) {

  /// @param ticketId ticket of the request; null if the error concerns no ticket
  /// @param eventId event of the request; null if the error concerns no event of a list
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Error(Code code, String detail, @Nullable String ticketId, @Nullable Long eventId) {
    Error(Code code, String detail) {
      this(code, detail, null, null);
    }
  }

  /// The names are part of the public contract.
  public enum Code {
    TICKET_NOT_FOUND,
    EVENT_NOT_FOUND,
    BAD_FRAME,
    TOO_MANY_SUBSCRIPTIONS,
    TOO_MANY_FRAMES
  }

  public static String ticketNotFound(String ticketId) {
    return json(new Error(Code.TICKET_NOT_FOUND, "You have no such ticket", ticketId, null));
  }

  public static String eventNotFound() {
    return json(new Error(Code.EVENT_NOT_FOUND, "There is no such event"));
  }

  /// Error of one event of a `/ws/events` connection.
  public static String eventNotFound(long eventId) {
    return json(new Error(Code.EVENT_NOT_FOUND, "There is no such event", null, eventId));
  }

  public static String badFrame(String detail) {
    return json(new Error(Code.BAD_FRAME, detail));
  }

  /// Error of a client frame on a connection that accepts no client frames.
  public static String noClientFrames() {
    return badFrame("This connection accepts no client frames");
  }

  public static String tooManySubscriptions(int limit) {
    return json(
        new Error(
            Code.TOO_MANY_SUBSCRIPTIONS,
            "A connection has at most %d live subscriptions; the whole frame is ignored"
                .formatted(limit)));
  }

  public static String tooManyFrames() {
    return json(
        new Error(Code.TOO_MANY_FRAMES, "This connection sends too many frames in a second"));
  }

  private static String json(Error error) {
    return Json.INTERNAL.writeValueAsString(new ErrorFrame(error));
  }
}
