package ticketing.ingress.operations;

import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Settings of the operator calls.
///
/// @param queueMetricsInterval interval of reading the queue's attributes for the metrics; 0s:
///   never
@Validated
@ConfigurationProperties("ticketing.operations")
record OperationsSettings(@NotNull @DefaultValue("10s") Duration queueMetricsInterval) {}
