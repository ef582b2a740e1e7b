package ticketing.domain;

import com.github.f4b6a3.uuid.UuidCreator;
import java.util.UUID;

/// Generator of ticket ids.
public final class TicketIds {

  private static final UUID NAMESPACE = UUID.fromString("6f1c2c1e-0a55-5b1c-9d0e-7f5d0f6c2b11");

  private TicketIds() {}

  /// A new id that sorts by time (UUIDv7, RFC 9562), so that inserts go to the end of the index.
  public static UUID newId() {
    return UuidCreator.getTimeOrderedEpoch();
  }

  /// Returns the same id for the same user and `Idempotency-Key`, in every process: a client's
  /// retry gets the same ticket. The id grants no access, so it need not be secret.
  public static UUID derivedFrom(String userId, String idempotencyKey) {
    return UuidCreator.getNameBasedSha1(NAMESPACE, userId + '\n' + idempotencyKey);
  }
}
