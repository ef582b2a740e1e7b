package ticketing.notifier.user;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Limits of the feeds of users.
///
/// @param sweepInterval time between two steps of the sweep
/// @param maxUsersPerSweep maximum number of feeds read in one step of the sweep
/// @param maxTickets maximum number of observed tickets of one feed
/// @param maxReservations maximum number of observed holds of one feed
@Validated
@ConfigurationProperties("ticketing.notifier.user")
record UserFeedSettings(
    @NotNull @DurationMin(millis = 50) @DurationMax(minutes = 5) @DefaultValue("3s")
        Duration sweepInterval,
    @Min(1) @Max(10_000) @DefaultValue("200") int maxUsersPerSweep,
    @Min(1) @Max(10_000) @DefaultValue("300") int maxTickets,
    @Min(1) @Max(10_000) @DefaultValue("100") int maxReservations) {}
