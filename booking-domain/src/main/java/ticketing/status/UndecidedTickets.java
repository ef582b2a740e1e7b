package ticketing.status;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.function.IntPredicate;
import org.redisson.api.RScript;
import org.redisson.client.codec.ByteArrayCodec;
import ticketing.domain.Ticket;
import ticketing.redis.CommandBatch;
import ticketing.redis.CommandBatch.Reply;
import ticketing.redis.RedisGateway;

/// Undecided tickets of each user, oldest first, in [#BUCKETS] strings `undecided:{bucket}`.
///
/// A string contains records of 24 bytes: 4 of a digest of the user, 4 of the event (0 unless the
/// ticket is a booking), 16 of the ticket id. A key for each user would take 200 bytes. A bucket
/// contains the newest [#MAX_BUCKET_SIZE] tickets, and of one user the newest [#MAX_TICKETS]. Users
/// whose digests agree in 43 bits share their records, so a reader verifies the owner. An evicted
/// or unreadable bucket is empty.
final class UndecidedTickets {

  static final int MAX_TICKETS = 200; // of one user

  private static final int BUCKETS = 1_024; // about a thousand tickets in each at a million
  private static final int MAX_BUCKET_SIZE = 2_048; // tickets, 48 KiB
  private static final int RECORD_BYTES = 24;
  private static final int USER_BYTES = Integer.BYTES;
  private static final int ID_OFFSET = USER_BYTES + Integer.BYTES;

  private static final String ADD =
      RedisGateway.script(UndecidedTickets.class, "add_undecided.lua");
  private static final String REMOVE =
      RedisGateway.script(UndecidedTickets.class, "remove_undecided.lua");

  private UndecidedTickets() {}

  /// Place of the records of a user.
  record Owner(int bucket, int digest) {

    static Owner of(String userId) {
      try {
        ByteBuffer hash =
            ByteBuffer.wrap(
                MessageDigest.getInstance("SHA-256")
                    .digest(userId.getBytes(StandardCharsets.UTF_8)));
        return new Owner(Integer.remainderUnsigned(hash.getInt(), BUCKETS), hash.getInt());
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e);
      }
    }

    private String key() {
      return "undecided:" + bucket;
    }
  }

  /// Ticket to add.
  ///
  /// @param limit maximum number of undecided bookings of its user and event
  record Addition(Owner owner, Ticket ticket, int limit) {}

  /// Adds tickets of one bucket. A ticket that is contained is kept; a booking beyond its limit is
  /// refused. The reply is for [#isRefused].
  static Reply<List<Long>> add(
      CommandBatch batch, int bucket, List<Addition> additions, Duration ttl) {
    String key = new Owner(bucket, 0).key();
    List<Object> arguments = new ArrayList<>(3 + 2 * additions.size());
    arguments.add(ascii(RedisGateway.seconds(ttl)));
    arguments.add(ascii(MAX_BUCKET_SIZE));
    arguments.add(ascii(MAX_TICKETS));
    for (Addition addition : additions) {
      arguments.add(encode(addition));
      arguments.add(ascii(addition.limit()));
    }
    return batch.writeByScript(
        key,
        ADD,
        ByteArrayCodec.INSTANCE,
        RScript.ReturnType.LIST,
        List.of(key),
        arguments.toArray());
  }

  /// @param index of the ticket among the additions
  static boolean isRefused(Reply<List<Long>> added, int index) {
    return added.value().filter(results -> results.get(index) == 0).isPresent();
  }

  static void remove(CommandBatch batch, int bucket, Collection<UUID> ticketIds) {
    String key = new Owner(bucket, 0).key();
    batch.<Long>writeByScript(
        key,
        REMOVE,
        ByteArrayCodec.INSTANCE,
        RScript.ReturnType.LONG,
        List.of(key),
        ticketIds.stream().map(StatusEntryCodec::bytes).toArray());
  }

  /// Reads the bucket of a user. The reply is for [#ids] and [#bookings].
  static Reply<byte[]> find(CommandBatch batch, Owner owner) {
    return batch.read(
        owner.key(),
        redis -> redis.<byte[]>getBucket(owner.key(), ByteArrayCodec.INSTANCE).getAsync());
  }

  /// Returns the tickets of a user, newest first.
  static List<UUID> ids(Reply<byte[]> found, Owner owner) {
    return ids(found, owner, event -> true);
  }

  /// Returns the bookings of a user for an event, newest first.
  static List<UUID> bookings(Reply<byte[]> found, Owner owner, long eventId) {
    return ids(found, owner, event -> event == (int) eventId);
  }

  private static List<UUID> ids(Reply<byte[]> found, Owner owner, IntPredicate events) {
    ByteBuffer records = ByteBuffer.wrap(found.value().orElse(new byte[0]));
    if (records.capacity() % RECORD_BYTES != 0) {
      return List.of();
    }
    List<UUID> ids = new ArrayList<>();
    for (int at = records.capacity() - RECORD_BYTES; at >= 0; at -= RECORD_BYTES) {
      if (records.getInt(at) == owner.digest() && events.test(records.getInt(at + USER_BYTES))) {
        long high = records.getLong(at + ID_OFFSET);
        ids.add(new UUID(high, records.getLong(at + ID_OFFSET + Long.BYTES)));
      }
    }
    return ids;
  }

  private static byte[] encode(Addition addition) {
    Ticket ticket = addition.ticket();
    return ByteBuffer.allocate(RECORD_BYTES)
        .putInt(addition.owner().digest())
        .putInt(ticket.action().requestsSeats() ? (int) (long) ticket.eventId() : 0)
        .put(StatusEntryCodec.bytes(ticket.ticketId()))
        .array();
  }

  private static byte[] ascii(Object value) {
    return value.toString().getBytes(StandardCharsets.US_ASCII);
  }
}
