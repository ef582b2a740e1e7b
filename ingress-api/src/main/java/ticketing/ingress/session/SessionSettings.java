package ticketing.ingress.session;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Sessions with a refresh token.
///
/// @param lifetime time from a sign-in to the end of its session
/// @param maxPerUser sessions of one user; a further one ends the least recently used one
/// @param deleteInterval time between two deletions of expired sessions
@Validated
@ConfigurationProperties("ticketing.sessions")
record SessionSettings(
    @NotNull @DurationMin(minutes = 1) @DefaultValue("30d") Duration lifetime,
    @Min(1) @Max(1_000) @DefaultValue("10") int maxPerUser,
    @NotNull @DurationMin(seconds = 1) @DefaultValue("10m") Duration deleteInterval) {}
