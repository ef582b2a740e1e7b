package ticketing.ingress.mailedtoken;

import java.security.SecureRandom;
import java.util.Base64;
import ticketing.ingress.text.Digest;

/// Random text of 256 bits. The database stores its digest only.
final class MailedToken {

  private static final int BYTES = 32;
  private static final SecureRandom RANDOM = new SecureRandom();

  private MailedToken() {}

  static String generate() {
    byte[] value = new byte[BYTES];
    RANDOM.nextBytes(value);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(value);
  }

  static String digest(String token) {
    return Digest.of(token);
  }
}
