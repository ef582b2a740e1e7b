package ticketing.notifier.ticket;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Limits of ticket subscriptions.
///
/// @param maxSubscriptions maximum number of live subscriptions of one `/ws/tickets` connection
/// @param sweepInterval time between two steps of the sweep
/// @param maxTicketsPerSweep maximum number of tickets read in one step of the sweep
/// @param overdueAfter time after its estimated wait at which a pending ticket is looked up at
///   ingress-api
/// @param maxOverdueLookups maximum number of overdue tickets looked up for one batch of reads
@Validated
@ConfigurationProperties("ticketing.notifier.ticket")
record TicketSettings(
    @Min(1) @Max(10_000) @DefaultValue("100") int maxSubscriptions,
    @NotNull @DurationMin(millis = 50) @DurationMax(minutes = 5) @DefaultValue("3s")
        Duration sweepInterval,
    @Min(10) @Max(100_000) @DefaultValue("2000") int maxTicketsPerSweep,
    @NotNull @DurationMin(millis = 50) @DurationMax(hours = 1) @DefaultValue("10s")
        Duration overdueAfter,
    @Min(1) @Max(1_000) @DefaultValue("50") int maxOverdueLookups) {}
