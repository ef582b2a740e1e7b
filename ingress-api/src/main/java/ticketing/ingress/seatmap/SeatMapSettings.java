package ticketing.ingress.seatmap;

import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/// Limits of the caches of numbered seats.
///
/// @param cacheSize compressed seat maps in memory
/// @param maxCachedSeats seats of parsed seat maps in memory, which validate bookings
/// @param bitmapTtl maximum age of a bitmap in memory
/// @param maxCachedBitmaps events with a bitmap in memory
@Validated
@ConfigurationProperties("ticketing.seat-maps")
record SeatMapSettings(
    @NotNull @DefaultValue("64MB") DataSize cacheSize,
    @Min(1) @DefaultValue("1000000") int maxCachedSeats,
    @NotNull @DurationMax(seconds = 1) @DefaultValue("500ms") Duration bitmapTtl,
    @Min(1) @DefaultValue("1000") int maxCachedBitmaps) {}
