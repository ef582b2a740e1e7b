package ticketing.ingress.reservation;

import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Settings of reservation reads.
///
/// @param cacheTtl lifetime of `reservation:{id}` in Redis
/// @param holdEndTtl limit of the age of the cached end of the first hold of a sold-out event
/// @param holdEndCacheSize sold-out events with a cached end of their first hold
@Validated
@ConfigurationProperties("ticketing.reservations")
record ReservationSettings(
    @NotNull @DefaultValue("30s") Duration cacheTtl,
    @NotNull @DefaultValue("500ms") Duration holdEndTtl,
    @Min(1) @DefaultValue("10000") int holdEndCacheSize) {}
