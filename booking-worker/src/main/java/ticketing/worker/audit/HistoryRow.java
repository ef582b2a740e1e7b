package ticketing.worker.audit;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One numbered step of an event, as its table contains it.
sealed interface HistoryRow {

  long sequence();

  /// Row of `event_states`.
  ///
  /// @param state event as JSON
  record State(long sequence, String state) implements HistoryRow {}

  /// Row of `hold_expiries`.
  record Expiry(long sequence, long reservationId, Instant expiredAt) implements HistoryRow {}

  /// Row of `waiting_entries` that ended with an offer, or because of the limit of its user.
  ///
  /// @param reservationId reservation with the same ticket; null: none
  record Offered(
      long sequence, String ticketId, String status, @Nullable Long reservationId, Instant endedAt)
      implements HistoryRow {}

  /// Row of `tickets`.
  record Decided(
      long sequence,
      String ticketId,
      String action,
      String userId,
      @Nullable String seatType,
      @Nullable Integer quantity,
      String decision,
      @Nullable String reason,
      @Nullable Long reservationId,
      @Nullable BigDecimal totalPrice,
      @Nullable Instant expiresAt,
      @Nullable BigDecimal price,
      @Nullable Boolean onBehalf,
      @Nullable String seatChange,
      List<String> seats,
      List<String> requestedSeats,
      @Nullable String otherwise,
      @Nullable Long entryId,
      Instant acceptedAt,
      Instant decidedAt)
      implements HistoryRow {}
}
