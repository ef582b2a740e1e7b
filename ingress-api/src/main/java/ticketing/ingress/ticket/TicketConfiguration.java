package ticketing.ingress.ticket;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Clock;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.core.env.Profiles;
import ticketing.domain.TicketIds;

/// Key of the ticket ids.
@Configuration(proxyBeanMethods = false)
class TicketConfiguration {

  /// Public secret, therefore refused outside the local profile.
  static final String LOCAL_KEY = "ticketing-local-key-published-in-the-sources-0000";

  private static final String ALGORITHM = "HmacSHA256";

  /// Separates the derived key from the signatures of access tokens.
  private static final String DERIVATION_LABEL = "ticketing ticket ids 1";

  @Bean
  TicketIds ticketIds(TicketSettings settings, Environment environment, Clock clock) {
    boolean local = environment.acceptsProfiles(Profiles.of("local"));
    return new TicketIds(key(settings.key(), settings.accessKey(), local), clock);
  }

  /// Returns the configured key, else a key derived from the secret of former access tokens.
  ///
  /// @throws IllegalStateException if there is neither, if the configured key is too short, or if a
  ///   key is the one of the local profile in another profile
  static byte[] key(String configured, String accessKey, boolean local) {
    if (!local && (configured.equals(LOCAL_KEY) || accessKey.equals(LOCAL_KEY))) {
      throw new IllegalStateException(
          "TICKETING_TICKET_KEY or TICKETING_ACCESS_KEY is the public key of the local profile");
    }
    if (!configured.isEmpty()) {
      byte[] key = bytes(configured);
      if (key.length < TicketIds.MIN_KEY_BYTES) {
        throw new IllegalStateException("TICKETING_TICKET_KEY is shorter than 32 bytes");
      }
      return key;
    }
    if (!accessKey.isEmpty()) {
      return derive(accessKey);
    }
    if (local) {
      return derive(LOCAL_KEY);
    }
    throw new IllegalStateException("Set TICKETING_TICKET_KEY (a secret of 32 bytes or more)");
  }

  private static byte[] derive(String secret) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(bytes(secret), ALGORITHM));
      return mac.doFinal(bytes(DERIVATION_LABEL));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
