package ticketing.worker.store;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.validation.annotation.Validated;

/// Limits of the decision store.
///
/// @param transactionTimeout maximum duration of a transaction; at least 1 s, and shorter than
///   `ticketing.worker.lock.lease`
/// @param revokedCommandsRetention age at which a revoked command is deleted; longer than the
///   lifetime of its message, including its time in the dead-letter queue and one redrive
/// @param maxFailingEvents number of different events whose transactions fail by locks or timeouts,
///   without a success between them, from which on the database counts as unavailable
@Validated
@ConfigurationProperties("ticketing.worker.store")
record StoreSettings(
    @NotNull Duration transactionTimeout,
    @NotNull Duration revokedCommandsRetention,
    @Min(1) @Max(1_000) int maxFailingEvents) {}
