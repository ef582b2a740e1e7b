package ticketing.ingress.event;

import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Settings of event reads and changes.
///
/// @param localCacheSize events in the local cache
/// @param localCacheTtl limit of the age of a locally cached event
/// @param changeTimeout limit for the decision of a change of seats
@Validated
@ConfigurationProperties("ticketing.events")
record EventSettings(
    @Min(1) @DefaultValue("10000") int localCacheSize,
    @NotNull @DefaultValue("500ms") Duration localCacheTtl,
    @NotNull @DefaultValue("10s") Duration changeTimeout) {}
