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
/// @param holdExpiryMaxEvents maximum number of events whose holds one run expires
/// @param holdExpiryConcurrency maximum number of events whose holds expire at the same time. Each
///   uses a connection of the pool
/// @param deadLetterQueue name of the dead-letter queue
/// @param deadLetterInterval time between two checks of the dead-letter queue for new messages
/// @param deadLetterRereadInterval time after which all messages of the dead-letter queue are read
///   although their number has not grown
/// @param deadLetterConcurrency concurrent calls of the dead-letter queue
/// @param deadLetterBatchSize messages that are received before their tickets are decided
/// @param deadLetterConcurrentEvents concurrent transactions that record dead letters, each for one
///   event
/// @param deadLetterVisibility visibility timeout of a dead letter while it is recorded; reading
///   stops after half of it
/// @param redriveTime time after the start of a redrive in which its messages move. Until then
///   their tickets are not rejected with `GAVE_UP`
/// @param revokedCommandsInterval time between two deletions of expired revoked commands
/// @param revokedCommandsPause time between two transactions of a deletion
/// @param revokedCommandsBatchSize maximum number of revoked commands deleted in one transaction
@Validated
@ConfigurationProperties("ticketing.worker.maintenance")
record MaintenanceSettings(
    @NotNull Duration holdExpiryInterval,
    @Min(1) @Max(100_000) int holdExpiryMaxEvents,
    @Min(1) @Max(100) int holdExpiryConcurrency,
    @NotBlank String deadLetterQueue,
    @NotNull Duration deadLetterInterval,
    @NotNull Duration deadLetterRereadInterval,
    @Min(1) @Max(50) int deadLetterConcurrency,
    @Min(1) @Max(10_000) int deadLetterBatchSize,
    @Min(1) @Max(100) int deadLetterConcurrentEvents,
    @NotNull Duration deadLetterVisibility,
    @NotNull Duration redriveTime,
    @NotNull Duration revokedCommandsInterval,
    @NotNull Duration revokedCommandsPause,
    @Min(1) @Max(10_000) int revokedCommandsBatchSize) {}
