package ticketing.ingress.deadletter;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Limits of the operator calls for dead letters.
///
/// @param maxListed maximum dead letters in one list
/// @param concurrency concurrent receive calls of one request
/// @param searchTimeout limit for finding messages in the dead-letter queue
/// @param redriveTimeout limit for redriving messages without an SQS task
@Validated
@ConfigurationProperties("ticketing.operations.dead-letters")
record DeadLetterSettings(
    @Min(1) @DefaultValue("100") int maxListed,
    @Min(1) @Max(50) @DefaultValue("10") int concurrency,
    @NotNull @DefaultValue("4s") Duration searchTimeout,
    @NotNull @DefaultValue("15s") Duration redriveTimeout) {}
