package ticketing.ingress.password;

import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Limits of password hashes.
///
/// @param hashThreads threads that hash passwords; 0: the processors less one, at least 1
/// @param maxQueuedHashes hashes queued for these threads; a further one gets 503 immediately
/// @param hashTimeout maximum time of a hash with its time in the queue; then 503
@Validated
@ConfigurationProperties("ticketing.passwords")
record PasswordSettings(
    @Min(0) @DefaultValue("0") int hashThreads,
    @Min(1) @DefaultValue("30") int maxQueuedHashes,
    @NotNull @DefaultValue("5s") Duration hashTimeout) {}
