package ticketing.ingress.ratelimit;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Rate limits of users and addresses.
///
/// @param enabled false: every request is accepted
/// @param proxies trusted proxies in front of this process that append to `X-Forwarded-For`; 0: the
///   header is ignored
/// @param user limit of each user
/// @param address limit of each client address
/// @param booking bookings of each user
/// @param maxUndecidedBookings undecided bookings of each user for one event
/// @param undecidedTtl while Redis is unavailable: time after the last accepted booking of a user
///   and event at which their undecided bookings are no longer counted
/// @param signInAccount failed sign-ins of each account
/// @param signInAddress sign-ins of each client address
/// @param signUpAddress sign-ups of each client address
/// @param mailAccount mails with a token to each account, existing or not, of each purpose
/// @param mailAddress mails with a token requested by each client address
@Validated
@ConfigurationProperties("ticketing.rates")
record RateLimitSettings(
    @DefaultValue("true") boolean enabled,
    @Min(0) @DefaultValue("0") int proxies,
    @Valid @NotNull Rate user,
    @Valid @NotNull Rate address,
    @Valid @NotNull Rate booking,
    @Min(1) @Max(1_000_000) @DefaultValue("10") int maxUndecidedBookings,
    @NotNull @DurationMin(seconds = 10) @DefaultValue("5m") Duration undecidedTtl,
    @Valid @NotNull Quota signInAccount,
    @Valid @NotNull Quota signInAddress,
    @Valid @NotNull Quota signUpAddress,
    @Valid @NotNull Quota mailAccount,
    @Valid @NotNull Quota mailAddress) {

  /// Token bucket.
  ///
  /// @param perSecond tokens added each second
  /// @param burst capacity of the bucket
  record Rate(@Min(1) int perSecond, @Min(1) int burst) {}

  /// Token bucket with few tokens.
  ///
  /// @param tokens capacity of the bucket
  /// @param period time in which an empty bucket becomes full
  record Quota(@Min(1) int tokens, @NotNull Duration period) {}
}
