package ticketing.client;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/// State of one command as the 202 response, the poll and the WebSocket frame carry it. A null
/// component is not known yet or does not apply.
///
/// @param action `BOOK`, `CONFIRM`, `CANCEL`, `JOIN`, `LEAVE` or an action of a newer server.
/// @param position approximate number of undecided commands of the event ahead of this one.
/// @param estimatedWaitSeconds seconds until the decision at the current rate.
/// @param expiresAt end of the hold, with `HELD`.
/// @param reason rejection code such as `SOLD_OUT`, with `REJECTED`
/// @param seats ids of numbered seats.
/// @param entryId entry of the waiting list, with `JOINED`.
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Ticket(
    UUID ticketId,
    String action,
    Status status,
    Long eventId,
    String seatType,
    Integer quantity,
    Long position,
    Long estimatedWaitSeconds,
    Instant acceptedAt,
    Instant decidedAt,
    Long reservationId,
    Instant expiresAt,
    String reason,
    @JsonFormat(shape = JsonFormat.Shape.STRING) BigDecimal totalPrice,
    List<String> seats,
    Long entryId) {

  /// `PENDING`, then exactly one of the others.
  public enum Status {
    PENDING,
    CONFIRMED,
    HELD,
    CANCELLED,
    REJECTED,
    JOINED,
    LEFT,
    /// A final state that this version of the client does not define.
    @JsonEnumDefaultValue
    OTHER
  }

  /// Tests for a final state, which means that the command is decided. A final ticket does not
  /// change, except `GAVE_UP` after a redrive.
  @JsonIgnore
  public boolean isFinal() {
    return status != Status.PENDING;
  }

  /// Tests for booked or held seats.
  @JsonIgnore
  public boolean hasSeats() {
    return status == Status.CONFIRMED || status == Status.HELD;
  }

  /// @return the JSON of the API, without absent fields
  public String toJson() {
    return Payloads.write(this);
  }
}
