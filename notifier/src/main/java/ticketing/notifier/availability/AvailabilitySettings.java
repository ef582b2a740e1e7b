package ticketing.notifier.availability;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Limits of the availability feed.
///
/// @param frameInterval minimum time between two frames of one event to one connection
/// @param sweepInterval time between two steps of the sweep
/// @param maxEventsPerSweep maximum number of events read in one step of the sweep
/// @param maxSubscriptions maximum number of events of one `/ws/events` connection
@Validated
@ConfigurationProperties("ticketing.notifier.availability")
record AvailabilitySettings(
    @NotNull @DurationMin(millis = 50) @DurationMax(minutes = 1) @DefaultValue("500ms")
        Duration frameInterval,
    @NotNull @DurationMin(millis = 50) @DurationMax(minutes = 5) @DefaultValue("3s")
        Duration sweepInterval,
    @Min(1) @Max(10_000) @DefaultValue("200") int maxEventsPerSweep,
    @Min(1) @Max(10_000) @DefaultValue("100") int maxSubscriptions) {}
