package ticketing.ingress.ticket;

import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Limits of ticket reads.
///
/// @param maxLongPolls requests that wait for a decision at a time; further ones are answered
///   without a wait
/// @param maxWait limit of `Prefer: wait`
/// @param overdueAfter time after its estimated wait at which a pending ticket is read from the
///   ledger
/// @param doubt time for which an absent ticket may still be found
@Validated
@ConfigurationProperties("ticketing.tickets")
public record TicketSettings(
    @Min(0) @DefaultValue("400") int maxLongPolls,
    @NotNull @DefaultValue("20s") Duration maxWait,
    @NotNull @DefaultValue("5s") Duration overdueAfter,
    @NotNull @DefaultValue("15m") Duration doubt) {}
