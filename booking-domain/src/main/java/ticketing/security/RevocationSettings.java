package ticketing.security;

import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Local copy of the revoked access tokens.
///
/// @param pollInterval time between two reads of new revocations; the maximum delay without Redis
/// @param maxTokens revoked tokens in memory (about 150 bytes each); of more, those that expire
///   first are dropped
@Validated
@ConfigurationProperties("ticketing.revocation")
public record RevocationSettings(
    @NotNull @DurationMin(millis = 50) @DefaultValue("400ms") Duration pollInterval,
    @Min(1_000) @DefaultValue("200000") int maxTokens) {}
