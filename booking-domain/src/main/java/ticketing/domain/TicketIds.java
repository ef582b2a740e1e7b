package ticketing.domain;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// Issues and verifies self-authenticating ticket ids. Safe for use by several threads.
///
/// An id is a UUID of version 8 (RFC 9562). Its bits in order: 48 of time in milliseconds, 4 of
/// version, 12 random, 2 of variant, 14 random, 48 of a message authentication code (HMAC-SHA-256,
/// truncated) over the owner and all other bits. An id that verifies was issued to that owner by a
/// process with the same key, so its owner needs no stored entry to be recognised.
///
/// An id that is derived from an `Idempotency-Key` has derived bits in place of time and random
/// bits. Other ids sort by time, so that their inserts append to the index.
public final class TicketIds {

  /// Bytes of a key.
  public static final int MIN_KEY_BYTES = 32;

  /// Random bytes of an attempt id.
  public static final int ATTEMPT_BYTES = 6;

  private static final String ALGORITHM = "HmacSHA256";
  private static final int MAC_BYTES = 6;
  private static final long ATTEMPT_MASK = (1L << (ATTEMPT_BYTES * Byte.SIZE)) - 1;
  private static final long MAC_MASK = (1L << (MAC_BYTES * Byte.SIZE)) - 1;
  private static final long RANDOM_HIGH_MASK = 0xFFFL;
  private static final long RANDOM_LOW_MASK = 0x3FFFL << 48;
  private static final long VERSION = 8L << 12;
  private static final long VARIANT = 0b10L << 62;

  /// Separates the two uses of the key.
  private enum Purpose {
    AUTHENTICATE_ID,
    DERIVE_ID
  }

  private final SecretKeySpec key;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();

  /// @param key secret of 32 bytes or more, the same in all processes that issue ids
  public TicketIds(byte[] key, Clock clock) {
    if (key.length < MIN_KEY_BYTES) {
      throw new IllegalArgumentException("a ticket key has at least " + MIN_KEY_BYTES + " bytes");
    }
    this.key = new SecretKeySpec(key, ALGORITHM);
    this.clock = clock;
  }

  /// Returns a new id for this owner.
  public UUID newId(String owner) {
    return issue(clock.millis(), random.nextLong(), random.nextLong(), owner);
  }

  /// Returns a new id of an attempt for a ticket, see [Command#attemptId()]. It consists of the
  /// first half of the ticket id and [#ATTEMPT_BYTES] random bytes, so that a status store which
  /// has the ticket id needs to store only these.
  public static UUID newAttempt(UUID ticketId) {
    return attempt(ticketId, ThreadLocalRandom.current().nextLong());
  }

  /// Returns the attempt of a ticket with these random bytes (the lowest of the number).
  public static UUID attempt(UUID ticketId, long random) {
    return new UUID(ticketId.getMostSignificantBits(), VARIANT | random & ATTEMPT_MASK);
  }

  /// Returns the id of this owner's requests with this `Idempotency-Key`, which is the same on all
  /// instances and for all requests.
  public UUID derivedFrom(String owner, String idempotencyKey) {
    ByteBuffer derived =
        ByteBuffer.wrap(mac(Purpose.DERIVE_ID, bytes(owner), bytes(idempotencyKey)));
    return issue(derived.getLong(), derived.getLong(), derived.getLong(), owner);
  }

  /// Returns true if this id was issued to this owner. Takes the same time for every id.
  public boolean isIssuedTo(UUID ticketId, String owner) {
    UUID expected =
        authenticated(ticketId.getMostSignificantBits(), ticketId.getLeastSignificantBits(), owner);
    return MessageDigest.isEqual(bytes(expected), bytes(ticketId));
  }

  private UUID issue(long time, long randomHigh, long randomLow, String owner) {
    long high = time << 16 | VERSION | randomHigh & RANDOM_HIGH_MASK;
    long low = VARIANT | randomLow & RANDOM_LOW_MASK;
    return authenticated(high, low, owner);
  }

  /// Replaces the code, the version and the variant of an id by the correct ones.
  private UUID authenticated(long high, long low, String owner) {
    long versioned = high & ~(0xFL << 12) | VERSION;
    long unauthenticated = low & RANDOM_LOW_MASK | VARIANT;
    byte[] rest =
        ByteBuffer.allocate(2 * Long.BYTES).putLong(versioned).putLong(unauthenticated).array();
    long code = ByteBuffer.wrap(mac(Purpose.AUTHENTICATE_ID, rest, bytes(owner))).getLong();
    return new UUID(versioned, unauthenticated | code & MAC_MASK);
  }

  /// Each part is preceded by its length, so that no two inputs have the same encoding.
  private byte[] mac(Purpose purpose, byte[] first, byte[] second) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      mac.update((byte) purpose.ordinal());
      mac.update(ByteBuffer.allocate(Integer.BYTES).putInt(first.length).flip());
      mac.update(first);
      return mac.doFinal(second);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] bytes(UUID id) {
    return ByteBuffer.allocate(2 * Long.BYTES)
        .putLong(id.getMostSignificantBits())
        .putLong(id.getLeastSignificantBits())
        .array();
  }
}
