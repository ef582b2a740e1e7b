package ticketing.database;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// Comparison of the clock of a process with the clock of the database.
///
/// @param interval time between two measurements
/// @param maxSkew difference above which a warning is logged
@ConfigurationProperties("ticketing.clock")
public record ClockSettings(
    @DefaultValue("10s") Duration interval, @DefaultValue("1s") Duration maxSkew) {}
