package ticketing.ingress.command;

import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Names and limits of the queue.
///
/// @param name of the queue
/// @param deadLetters name of the dead-letter queue
/// @param maxInFlight commands that are being accepted at a time; further ones get 503
/// @param timeout limit for the queue to take a command
/// @param linger maximum time for which a command waits for a full batch while another one is sent
/// @param maxBacklogWithoutDatabase messages on the queue up to which commands are accepted while
///   the database is unavailable; beyond it they get 503
/// @param revocationTimeout limit for the database to revoke a command in doubt
/// @param maxConcurrentRevocations concurrent transactions that revoke, each for one event
@Validated
@ConfigurationProperties("ticketing.queue")
public record QueueSettings(
    @NotBlank String name,
    @NotBlank String deadLetters,
    @Min(1) @DefaultValue("10000") int maxInFlight,
    @NotNull @DefaultValue("5s") Duration timeout,
    @NotNull @DurationMin(millis = 0) @DefaultValue("5ms") Duration linger,
    @Min(0) @DefaultValue("100000") int maxBacklogWithoutDatabase,
    @NotNull @DefaultValue("5s") Duration revocationTimeout,
    @Min(1) @DefaultValue("2") int maxConcurrentRevocations) {}
