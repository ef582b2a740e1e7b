package ticketing.security;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Claims of an access token with a valid signature.
///
/// @param tokenId see [RevokedToken#idOf]
/// @param sessionId session that a refresh token continues; null: none
/// @param revocationIds a revocation of one of them revokes the token
/// @param expiresAt null if the token does not expire
public record VerifiedToken(
    String userId,
    Role role,
    UUID tokenId,
    @Nullable UUID sessionId,
    List<UUID> revocationIds,
    @Nullable Instant expiresAt) {

  public VerifiedToken {
    Objects.requireNonNull(userId, "userId");
    revocationIds = List.copyOf(revocationIds);
  }
}
