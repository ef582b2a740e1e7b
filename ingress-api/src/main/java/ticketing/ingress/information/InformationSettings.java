package ticketing.ingress.information;

import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/// Caches of the information of events.
///
/// @param localCacheSize texts in memory
/// @param cacheTtl time to live in Redis, as that of an event
@Validated
@ConfigurationProperties("ticketing.event-information")
record InformationSettings(
    @NotNull @DefaultValue("16MB") DataSize localCacheSize,
    @NotNull @DurationMin(millis = 1) @DefaultValue("5m") Duration cacheTtl) {}
