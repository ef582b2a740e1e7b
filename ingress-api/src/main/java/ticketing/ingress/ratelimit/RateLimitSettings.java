package ticketing.ingress.ratelimit;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Rate limits of users and addresses.
///
/// @param proxies trusted ones in front of this process that append to `X-Forwarded-For`; 0: the
///   header is ignored
/// @param user for each user
/// @param address for each address that requests come from
@Validated
@ConfigurationProperties("ticketing.rates")
record RateLimitSettings(
    @DefaultValue("true") boolean enabled,
    @Min(0) @DefaultValue("0") int proxies,
    @Valid @NotNull Rate user,
    @Valid @NotNull Rate address) {

  /// @param perSecond requests that are always accepted
  /// @param burst requests accepted together after a rest
  record Rate(@Min(1) int perSecond, @Min(1) int burst) {}
}
