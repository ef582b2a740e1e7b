package ticketing.ingress.operations;

import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Limits of the operator calls.
///
/// @param maxDeadLetters maximum dead letters in one list
/// @param queueMetricsInterval interval of reading the queue's attributes for the metrics; 0s:
///   never
@Validated
@ConfigurationProperties("ticketing.operations")
record OperationsSettings(
    @Min(1) @DefaultValue("100") int maxDeadLetters,
    @NotNull @DefaultValue("10s") Duration queueMetricsInterval) {}
