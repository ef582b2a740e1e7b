package ticketing.status;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// Time to live of the entries in Redis.
///
/// @param pending undecided tickets; must exceed the age of the longest backlog
/// @param decided decided tickets; later reads use the database
/// @param event cached events (`event:{eventId}`)
@ConfigurationProperties("ticketing.status-store")
public record StatusStoreSettings(
    @DefaultValue("24h") Duration pending,
    @DefaultValue("15m") Duration decided,
    @DefaultValue("5m") Duration event) {}
