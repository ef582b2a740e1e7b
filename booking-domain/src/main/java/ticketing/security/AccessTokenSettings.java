package ticketing.security;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// Trusted issuer of access tokens.
///
/// @param key secret for HS256, 32 bytes or more; required unless `issuerUri` is set
/// @param issuerUri OpenID Connect issuer that replaces our own tokens; empty: none
/// @param tokenLifetime validity of our own tokens
@ConfigurationProperties("ticketing.access")
public record AccessTokenSettings(
    @DefaultValue("") String key,
    @DefaultValue("") String issuerUri,
    @DefaultValue("8h") Duration tokenLifetime) {

  /// Public key, therefore rejected outside the local profile.
  public static final String LOCAL_KEY = "ticketing-local-key-known-to-everybody-0000";
}
