package ticketing.benchmark.support;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import ticketing.local.servers.LocalSigningKey;
import ticketing.security.AccessTokenIssuer;
import ticketing.security.AccessTokenSettings;
import ticketing.security.Role;
import ticketing.security.SigningSettings;

/// Access tokens with the signing key of local systems. They are valid for one hour.
public final class AccessTokens {

  private AccessTokens() {}

  public static AccessTokenIssuer issuer() {
    return new AccessTokenIssuer(
        AccessTokenSettings.of(),
        new SigningSettings(LocalSigningKey.PRIVATE_KEY, Duration.ofHours(1)),
        true,
        Clock.systemUTC());
  }

  /// Returns one token for each of a number of buyers.
  public static List<String> ofBuyers(String prefix, int count) {
    AccessTokenIssuer issuer = issuer();
    return IntStream.range(0, count)
        .parallel()
        .mapToObj(user -> issuer.issue(prefix + user, Role.BUYER))
        .toList();
  }
}
