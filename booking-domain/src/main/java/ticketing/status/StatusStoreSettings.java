package ticketing.status;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// How long things stay in Redis.
///
/// @param pending undecided tickets; must outlast the longest backlog
/// @param decided decided tickets; after that they are read from the database
/// @param event copies of events (`event:{id}`)
@ConfigurationProperties("ticketing.board")
public record StatusStoreSettings(
    @DefaultValue("24h") Duration pending,
    @DefaultValue("15m") Duration decided,
    @DefaultValue("5m") Duration event) {}
