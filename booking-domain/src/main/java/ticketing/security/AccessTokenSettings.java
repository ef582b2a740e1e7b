package ticketing.security;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// Whose access tokens are believed.
///
/// @param key secret for HS256, 32 bytes or more; needed unless `issuerUri` is set
/// @param issuerUri an OpenID Connect issuer to trust instead of tokens of our own; empty: none
/// @param tokenLifetime how long a token of our own is valid
@ConfigurationProperties("ticketing.access")
public record AccessTokenSettings(
    @DefaultValue("") String key,
    @DefaultValue("") String issuerUri,
    @DefaultValue("8h") Duration tokenLifetime) {

  /// Known to everybody, therefore refused outside the local profile.
  public static final String LOCAL_KEY = "ticketing-local-key-known-to-everybody-0000";
}
