package ticketing.security;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.security.oauth2.jwt.Jwt;

/// Revocation of an access token.
///
/// @param id first 128 bits of a SHA-256 digest, see [#idOf]; it does not disclose the token
/// @param keptUntil epoch second until which a verifier may still accept the token
public record RevokedToken(UUID id, long keptUntil) {

  /// A verifier accepts tokens for 60 s after their expiry, because clocks differ.
  private static final Duration MAX_CLOCK_SKEW = Duration.ofMinutes(5);

  /// Retention for a token without expiry.
  private static final Duration MAX_LIFETIME = Duration.ofDays(3_650);

  public RevokedToken {
    Objects.requireNonNull(id, "id");
  }

  /// Returns the revocation of a token.
  ///
  /// @param expiresAt null: the token does not expire
  public static RevokedToken of(UUID id, @Nullable Instant expiresAt, Instant now) {
    Instant end = expiresAt == null ? now.plus(MAX_LIFETIME) : expiresAt;
    return new RevokedToken(id, end.plus(MAX_CLOCK_SKEW).getEpochSecond());
  }

  /// Returns the id of a verified token: a digest of its `jti`. Without `jti`, a digest of its
  /// signed part: a signature has several encodings, the signed part has one.
  public static UUID idOf(Jwt token) {
    String jti = token.getId();
    String value = token.getTokenValue();
    return digest(jti == null ? "jwt:" + value.substring(0, value.lastIndexOf('.')) : "jti:" + jti);
  }

  /// Returns the id that revokes all access tokens of a session with a refresh token.
  public static UUID idOfSession(UUID sessionId) {
    return digest("sid:" + sessionId);
  }

  /// Returns the id that revokes all access tokens of a user. The next generation is valid.
  public static UUID idOfGeneration(String userId, int generation) {
    return digest("gen:" + generation + ":" + userId);
  }

  private static UUID digest(String text) {
    try {
      ByteBuffer digest =
          ByteBuffer.wrap(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
      return new UUID(digest.getLong(), digest.getLong());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Returns the message of the Redis channel.
  String message() {
    return id + " " + keptUntil;
  }

  /// @throws IllegalArgumentException if the text is no message of the channel
  static RevokedToken parse(String message) {
    int space = message.indexOf(' ');
    if (space < 0) {
      throw new IllegalArgumentException("no revocation");
    }
    return new RevokedToken(
        UUID.fromString(message.substring(0, space)), Long.parseLong(message.substring(space + 1)));
  }
}
