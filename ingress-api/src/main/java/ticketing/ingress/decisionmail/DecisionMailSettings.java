package ticketing.ingress.decisionmail;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.net.URI;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Mails about decisions and changed events, to confirmed emails only.
///
/// @param enabled false: this process sends none; without a mail system, it sends none either. Only
///   confirmed emails get mails
/// @param interval time between two rounds of reads
/// @param maxPerSecond mails a second of all processes
/// @param maxScanned decisions of an event that one round reads, with and without mails
/// @param maxAge a mail about an older decision is not sent
/// @param lease time after which another process continues the work of a process that ended
/// @param pageUri public address of the web page, for the links in mails
@Validated
@ConfigurationProperties("ticketing.decision-mails")
record DecisionMailSettings(
    @DefaultValue("true") boolean enabled,
    @NotNull @DurationMin(seconds = 1) @DefaultValue("1s") Duration interval,
    @Min(1) @Max(10_000) @DefaultValue("10") int maxPerSecond,
    @Min(1) @Max(100_000) @DefaultValue("2000") int maxScanned,
    @NotNull @DurationMin(minutes = 1) @DefaultValue("24h") Duration maxAge,
    @NotNull @DurationMin(seconds = 1) @DefaultValue("30s") Duration lease,
    @NotNull @DefaultValue("http://localhost:8080") URI pageUri) {

  /// Mails of one round.
  int maxPerRound() {
    return (int) Math.min(Integer.MAX_VALUE, maxPerSecond * interval.toMillis() / 1_000);
  }
}
