package ticketing.security;

import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/// Signature of our own access tokens. Only ingress-api has these settings.
///
/// @param key private RSA key (2048 bits or more), as PEM or base64 of the PKCS #8 DER form; its
///   public key is one of `ticketing.access.public-keys`
/// @param tokenLifetime validity of an access token
@Validated
@ConfigurationProperties("ticketing.access.signing")
public record SigningSettings(
    @DefaultValue("") String key,
    @NotNull @DurationMin(seconds = 1) @DefaultValue("8h") Duration tokenLifetime) {}
