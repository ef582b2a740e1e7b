package ticketing.worker.seatmap;

import jakarta.validation.constraints.Min;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.validation.annotation.Validated;

/// Settings of seat maps.
///
/// @param maxCachedSeats maximum number of seats of all cached maps together; a seat takes about
///   150 bytes
@Validated
@ConfigurationProperties("ticketing.worker.seat-map")
record SeatMapSettings(@Min(0) int maxCachedSeats) {}
