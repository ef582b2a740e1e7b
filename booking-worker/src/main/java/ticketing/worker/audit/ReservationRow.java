package ticketing.worker.audit;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Row of `reservations`.
record ReservationRow(
    long id,
    String ticketId,
    String userId,
    String seatType,
    int quantity,
    @Nullable BigDecimal totalPrice,
    String status,
    Instant reservedAt,
    @Nullable Instant cancelledAt,
    @Nullable Instant expiresAt,
    List<String> seats,
    boolean offer) {

  ReservationRow {
    Objects.requireNonNull(ticketId, "ticketId");
    Objects.requireNonNull(status, "status");
  }
}
