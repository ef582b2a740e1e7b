package ticketing.worker.maintenance;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.validation.annotation.Validated;

/// Intervals and limits of the scheduled jobs.
///
/// @param holdExpiryInterval time between two runs of the expiry of holds
/// @param holdExpiryBatchSize maximum number of holds that expire in one transaction
/// @param deadLetterQueue name of the dead-letter queue
/// @param deadLetterInterval time between two reads of the dead-letter queue
/// @param revokedCommandsInterval time between two deletions of expired revoked commands
/// @param revokedCommandsBatchSize maximum number of revoked commands deleted in one transaction
@Validated
@ConfigurationProperties("ticketing.worker.maintenance")
record MaintenanceSettings(
    @NotNull Duration holdExpiryInterval,
    @Min(1) @Max(5000) int holdExpiryBatchSize,
    @NotBlank String deadLetterQueue,
    @NotNull Duration deadLetterInterval,
    @NotNull Duration revokedCommandsInterval,
    @Min(1) @Max(10_000) int revokedCommandsBatchSize) {}
