package ticketing.ingress.session;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/// Refresh token: a selector, which stays for the whole session, and a secret, which each use
/// replaces. Both are random, and the database has only their digests.
///
/// @param selector 22 characters, 128 random bits
/// @param secret 43 characters, 256 random bits
record RefreshToken(String selector, String secret) {

  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int SELECTOR_BYTES = 16;
  private static final int SECRET_BYTES = 32;
  private static final Pattern FORM = Pattern.compile("([\\w-]{22})\\.([\\w-]{43})");

  static RefreshToken generate() {
    return new RefreshToken(random(SELECTOR_BYTES), random(SECRET_BYTES));
  }

  /// Returns the token that replaces this one.
  RefreshToken next() {
    return new RefreshToken(selector, random(SECRET_BYTES));
  }

  static Optional<RefreshToken> parse(String text) {
    var parts = FORM.matcher(text);
    return parts.matches()
        ? Optional.of(new RefreshToken(parts.group(1), parts.group(2)))
        : Optional.empty();
  }

  private static String random(int bytes) {
    byte[] value = new byte[bytes];
    RANDOM.nextBytes(value);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(value);
  }

  String selectorHash() {
    return digest(selector);
  }

  String secretHash() {
    return digest(secret);
  }

  /// Text that the client receives.
  String text() {
    return selector + "." + secret;
  }

  /// Without the secret.
  @Override
  public String toString() {
    return "RefreshToken[]";
  }

  private static String digest(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
