package ticketing.ingress.command;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import ticketing.domain.Json;
import ticketing.domain.TicketIds;
import ticketing.ingress.problem.ApiException;

/// Ticket of a request: a new one, or the one of the user and the `Idempotency-Key`.
///
/// @param attemptId attempt of this request, see [ticketing.domain.Command#attemptId()]
/// @param fingerprint SHA-256 (hex) of method, path and canonical body; null without a key
public record IdempotencyKey(UUID ticketId, UUID attemptId, @Nullable String fingerprint) {

  public static final String HEADER = "Idempotency-Key";

  private static final int MAX_LENGTH = 255;

  /// @param key the header; null if absent
  /// @param body the parsed body; null if absent
  /// @throws ApiException `INVALID_REQUEST`
  public static IdempotencyKey of(
      TicketIds ids,
      String userId,
      @Nullable String key,
      String method,
      String path,
      @Nullable Object body) {
    if (key == null) {
      return ofTicket(ids.newId(userId), null);
    }
    if (key.isEmpty()
        || key.length() > MAX_LENGTH
        || !key.chars().allMatch(c -> c >= ' ' && c <= '~')) {
      throw ApiException.invalid(HEADER, "must be 1 to 255 printable ASCII characters");
    }
    String text = method + '\n' + path + '\n' + Json.INTERNAL.writeValueAsString(body);
    return ofTicket(ids.derivedFrom(userId, key), sha256(text));
  }

  private static IdempotencyKey ofTicket(UUID ticketId, @Nullable String fingerprint) {
    return new IdempotencyKey(ticketId, TicketIds.newAttempt(ticketId), fingerprint);
  }

  /// Returns true if an earlier request may have the same ticket.
  public boolean mayBeRepeated() {
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
