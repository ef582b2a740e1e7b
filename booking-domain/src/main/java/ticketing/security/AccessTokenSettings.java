package ticketing.security;

import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import java.util.List;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Keys and issuer of the accepted access tokens. A process with these settings can verify tokens,
/// but not sign them.
///
/// @param publicKeys public RSA keys of our own tokens, as PEM or base64 of the DER form; two
///   during a rotation; required unless an issuer is set
/// @param issuer OpenID Connect issuer that replaces our own tokens
@Validated
@ConfigurationProperties("ticketing.access")
public record AccessTokenSettings(
    @DefaultValue List<String> publicKeys, @Valid @DefaultValue Issuer issuer) {

  /// Public key of the local profile. Its private key is public too, so it is refused elsewhere.
  public static final String LOCAL_PUBLIC_KEY =
      "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA3Y6eHkK8quJn++hgCRio21Bjy6rdqUSjVWkg"
          + "ZKAaXPg9864u7UA1BaY847Nu7BpLA4INfk5UAEbn9jKxHE2KkY0AAEEZ/G0QeDZa1KQl+7V2hXLqA/jm"
          + "cYNOK2z4fiqtHpZh67Mo1RdprNPPeHlQvI5+R0PWMSuw/cQiC7od51OkwRqoNF8K2M11iFtAdtbQLLi4"
          + "3B5QHF1V/rQUp3YvkXSiKEchA/ACNoI4lAb4ddJ9v6rISEZAvlAIsiYMDbkhU0kvG79Hrl7F72nB8VoL"
          + "qZdYwlSPVzw6nvFfr9q3n5S4X8stHWxSYdbWP9JDGxPK1NmUD5uW8ynjYXVvRw1eZQIDAQAB";

  /// @param uri issuer URI; empty: our own tokens
  /// @param audience required value of `aud`; required with an issuer
  /// @param tokenTypes accepted values of the header `typ`
  /// @param roleClaim claim with the roles: a text, or a list; a dot selects a nested claim
  /// @param adminRole value of the claim that grants the role ADMIN
  /// @param staffRole value of the claim that grants the role STAFF
  /// @param timeout maximum time of one request for metadata or keys
  /// @param retryDelay minimum time between two attempts to load metadata or keys
  public record Issuer(
      @DefaultValue("") String uri,
      @DefaultValue("") String audience,
      @DefaultValue("at+jwt") List<String> tokenTypes,
      @DefaultValue("role") String roleClaim,
      @DefaultValue("ADMIN") String adminRole,
      @DefaultValue("STAFF") String staffRole,
      @NotNull @DurationMin(millis = 100) @DefaultValue("2s") Duration timeout,
      @NotNull @DurationMin(millis = 100) @DefaultValue("5s") Duration retryDelay) {

    public static final Issuer NONE =
        new Issuer(
            "",
            "",
            List.of("at+jwt"),
            "role",
            "ADMIN",
            "STAFF",
            Duration.ofSeconds(2),
            Duration.ofSeconds(5));

    public boolean isSet() {
      return !uri.isEmpty();
    }
  }

  /// Settings for our own tokens.
  public static AccessTokenSettings of(String... publicKeys) {
    return new AccessTokenSettings(List.of(publicKeys), Issuer.NONE);
  }
}
