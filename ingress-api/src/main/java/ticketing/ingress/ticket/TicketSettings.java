package ticketing.ingress.ticket;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Ids of tickets and limits of their reads.
///
/// @param key secret of the ticket ids, 32 bytes or more, the same on all instances; empty: derived
///   from `accessKey`
/// @param accessKey secret that signed access tokens (HS256) in releases without public keys;
///   ticket ids derived from it stay valid
/// @param acceptUnsignedIds unknown ids of versions 5 and 7 are read from the ledger, for the time
///   after an upgrade from a version that issued them; such a read costs a query
/// @param maxLongPolls long polls open at a time; further ones get 429
/// @param maxLongPollsPerUser long polls of one user open at a time; further ones get 429
/// @param maxWait limit of `Prefer: wait`
/// @param overdueAfter time after its estimated wait at which a pending ticket is read from the
///   ledger
@Validated
@ConfigurationProperties("ticketing.tickets")
record TicketSettings(
    @NotNull @DefaultValue("") String key,
    @NotNull @DefaultValue("") String accessKey,
    @DefaultValue("false") boolean acceptUnsignedIds,
    @Min(0) @Max(1_000_000) @DefaultValue("10000") int maxLongPolls,
    @Min(0) @Max(1_000_000) @DefaultValue("10") int maxLongPollsPerUser,
    @NotNull @DefaultValue("20s") Duration maxWait,
    @NotNull @DefaultValue("5s") Duration overdueAfter) {

  /// Without the keys.
  @Override
  public String toString() {
    return "TicketSettings[acceptUnsignedIds=%s, maxLongPolls=%d, maxLongPollsPerUser=%d, maxWait=%s, overdueAfter=%s]"
        .formatted(acceptUnsignedIds, maxLongPolls, maxLongPollsPerUser, maxWait, overdueAfter);
  }
}
