package ticketing.ingress.reservation;

import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Settings of reservation reads.
///
/// @param cacheTtl lifetime of `reservation:{id}` in Redis
@Validated
@ConfigurationProperties("ticketing.reservations")
record ReservationSettings(@NotNull @DefaultValue("30s") Duration cacheTtl) {}
