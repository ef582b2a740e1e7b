package ticketing.ingress.account;

import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Limits of accounts.
///
/// @param maxConcurrentHashes passwords hashed concurrently
/// @param hashTimeout maximum delay of a hash while all permits are in use; then 503
/// @param cacheTtl lifetime of `user:{id}` in Redis
@Validated
@ConfigurationProperties("ticketing.accounts")
record AccountSettings(
    @Min(1) @DefaultValue("4") int maxConcurrentHashes,
    @NotNull @DefaultValue("5s") Duration hashTimeout,
    @NotNull @DefaultValue("10m") Duration cacheTtl) {}
