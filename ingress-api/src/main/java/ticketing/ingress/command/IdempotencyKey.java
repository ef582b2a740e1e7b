package ticketing.ingress.command;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.UUID;
import ticketing.domain.Json;
import ticketing.domain.TicketIds;
import ticketing.ingress.problem.ApiException;

/// Under which ticket a request runs: a new one, or always the same for a user and an
/// `Idempotency-Key`.
///
/// @param attemptId attempt of this request, see [ticketing.domain.Command#attemptId()]
/// @param fingerprint SHA-256 (hex) of method, path and canonical body; null without a key
public record IdempotencyKey(UUID ticketId, UUID attemptId, String fingerprint) {

  public static final String HEADER = "Idempotency-Key";

  private static final int LONGEST = 255;

  /// @param key the header, or null
  /// @param body what was asked for, as it was understood; null without one
  public static IdempotencyKey of(
      String userId, String key, String method, String path, Object body) {
    if (key == null) {
      return new IdempotencyKey(TicketIds.newId(), UUID.randomUUID(), null);
    }
    if (key.isEmpty()
        || key.length() > LONGEST
        || !key.chars().allMatch(letter -> letter >= ' ' && letter <= '~')) {
      throw ApiException.invalid(HEADER, "must be 1 to 255 printable ASCII characters");
    }
    String text = method + '\n' + path + '\n' + Json.INTERNAL.writeValueAsString(body);
    return new IdempotencyKey(TicketIds.derivedFrom(userId, key), UUID.randomUUID(), sha256(text));
  }

  public boolean mayBeRepeat() {
    return fingerprint != null;
  }

  private static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
