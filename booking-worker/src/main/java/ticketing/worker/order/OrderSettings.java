package ticketing.worker.order;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.validation.annotation.Validated;

/// Order of acceptance between workers while seats are scarce.
///
/// @param enabled false: workers decide in the order in which they receive commands
/// @param scarcityFactor seats are scarce if fewer are left than this number of batches requests;
///   about the number of workers
/// @param window time by which a buyer may overtake an earlier one of another worker
/// @param maxStall maximum time for which a batch waits for the same earlier command of another
///   worker
/// @param maxWait maximum time for which a batch waits for earlier commands of other workers
/// @param checkInterval interval at which a waiting batch reads the waiting line
@Validated
@ConfigurationProperties("ticketing.worker.order")
record OrderSettings(
    boolean enabled,
    @Min(1) @Max(1_000) int scarcityFactor,
    @NotNull @DurationMin(millis = 1) Duration window,
    @NotNull @DurationMin(millis = 1) Duration maxStall,
    @NotNull @DurationMin(millis = 1) Duration maxWait,
    @NotNull @DurationMin(millis = 1) Duration checkInterval) {}
