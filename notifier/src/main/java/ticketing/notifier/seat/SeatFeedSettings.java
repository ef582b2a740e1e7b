package ticketing.notifier.seat;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Limits of the feeds of numbered seats.
///
/// @param frameInterval minimum time between two frames of one connection
/// @param sweepInterval time between two steps of the sweep
/// @param maxEventsPerSweep maximum number of events read in one step of the sweep
@Validated
@ConfigurationProperties("ticketing.notifier.seats")
record SeatFeedSettings(
    @NotNull @DurationMin(millis = 50) @DurationMax(minutes = 1) @DefaultValue("500ms")
        Duration frameInterval,
    @NotNull @DurationMin(millis = 50) @DurationMax(minutes = 5) @DefaultValue("3s")
        Duration sweepInterval,
    @Min(1) @Max(10_000) @DefaultValue("200") int maxEventsPerSweep) {}
