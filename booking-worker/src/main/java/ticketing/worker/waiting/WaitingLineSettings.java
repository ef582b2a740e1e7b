package ticketing.worker.waiting;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.validation.annotation.Validated;

/// Removal of abandoned entries from the waiting lines.
///
/// @param queue name of the queue
/// @param recoveryInterval time between two searches for crashed ingress processes
/// @param checkInterval time between two checks of the waiting lines
/// @param maxEvents maximum number of waiting lines in one check, chosen at random
/// @param maxEntries maximum number of entries in one check of a waiting line, and of commands in
///   one recovery of a process
/// @param minCheckAge age at which an entry is compared with the decisions
/// @param maxUndecidedAge age at which an undecided entry is removed if the queue is empty or
///   decided younger commands of the event by this time
/// @param emptyQueueTime time for which the queue must be empty; longer than its counts are late
@Validated
@ConfigurationProperties("ticketing.worker.waiting-line")
record WaitingLineSettings(
    @NotBlank String queue,
    @NotNull Duration recoveryInterval,
    @NotNull Duration checkInterval,
    @Min(1) @Max(10_000) int maxEvents,
    @Min(1) @Max(1_000) int maxEntries,
    @NotNull Duration minCheckAge,
    @NotNull Duration maxUndecidedAge,
    @NotNull Duration emptyQueueTime) {}
