package ticketing.status;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.redisson.api.RScript.ReturnType;
import org.redisson.client.codec.ByteArrayCodec;
import ticketing.domain.Ticket;
import ticketing.redis.CommandBatch;
import ticketing.redis.CommandBatch.Reply;
import ticketing.redis.RedisGateway;
import ticketing.status.StatusStore.LineEntry;

/// Undecided tickets of each event in order of acceptance. It gives the position of a ticket and
/// the oldest undecided command.
///
/// The line of an event is a list of chunks with up to 126 tickets, in keys of one hash slot: the
/// index `{waiting:{eventId}}`, and the chunks `{waiting:{eventId}}:{acceptance time}`. One sorted
/// set for the whole line would take 120 bytes for each ticket instead of 31. `add_to_line.lua`
/// describes the structure. A line that Redis evicts, or that is unreadable, is a line without
/// these tickets. All methods add scripts that cause no error reply for a key of another type.
final class WaitingLine {

  static final int MAX_CHUNK_SIZE = 126; // entries; 3.5 KiB, an allocation size; 128 take 4 KiB
  private static final int MAX_COUNTED_CHUNKS = 256;
  private static final int UUID_BYTES = 16;

  private static final String COUNT_AHEAD = script("count_ahead.lua");
  private static final String ADD = script("add_to_line.lua") + COUNT_AHEAD;
  private static final String FIND_POSITIONS = script("find_positions.lua") + COUNT_AHEAD;
  private static final String REMOVE = script("remove_from_line.lua");
  private static final String FIND_OLDEST = script("find_oldest.lua");

  private WaitingLine() {}

  /// Adds tickets of one event. The reply contains the position of each ticket.
  static Reply<List<Long>> add(
      CommandBatch batch, long eventId, List<Ticket> tickets, Duration ttl) {
    List<Object> arguments = new ArrayList<>(3 + 2 * tickets.size());
    arguments.add(ascii(RedisGateway.seconds(ttl)));
    arguments.add(ascii(MAX_CHUNK_SIZE));
    arguments.add(ascii(MAX_COUNTED_CHUNKS));
    for (Ticket ticket : tickets) {
      arguments.add(score(ticket.acceptedAt()));
      arguments.add(StatusEntryCodec.bytes(ticket.ticketId()));
    }
    return batch.writeByScript(
        indexKey(eventId),
        ADD,
        ByteArrayCodec.INSTANCE,
        ReturnType.LIST,
        List.of(indexKey(eventId)),
        arguments.toArray());
  }

  /// Reads the position of each of these tickets of one event.
  static Reply<List<Long>> findPositions(CommandBatch batch, long eventId, List<Ticket> tickets) {
    List<Object> arguments = new ArrayList<>(3 + tickets.size());
    arguments.add(ascii(0));
    arguments.add(ascii(MAX_CHUNK_SIZE));
    arguments.add(ascii(MAX_COUNTED_CHUNKS));
    tickets.forEach(ticket -> arguments.add(score(ticket.acceptedAt())));
    return batch.readByScript(
        indexKey(eventId),
        FIND_POSITIONS,
        ByteArrayCodec.INSTANCE,
        ReturnType.LIST,
        List.of(indexKey(eventId)),
        arguments.toArray());
  }

  /// Removes tickets of one event. The reply is the number of removed tickets.
  static Reply<Long> remove(CommandBatch batch, long eventId, Collection<LineEntry> entries) {
    List<Object> arguments = new ArrayList<>(3 * entries.size());
    for (LineEntry entry : entries) {
      arguments.add(score(entry.acceptedAt()));
      arguments.add(StatusEntryCodec.bytes(entry.ticketId()));
      arguments.add(ascii(entry.ticketId()));
    }
    return batch.writeByScript(
        indexKey(eventId),
        REMOVE,
        ByteArrayCodec.INSTANCE,
        ReturnType.LONG,
        keys(eventId),
        arguments.toArray());
  }

  /// Reads the oldest tickets of one event, in no order. The reply is for [#entries].
  static Reply<List<byte[]>> findOldest(CommandBatch batch, long eventId, int maxEntries) {
    return batch.readByScript(
        indexKey(eventId),
        FIND_OLDEST,
        ByteArrayCodec.INSTANCE,
        ReturnType.LIST,
        keys(eventId),
        ascii(maxEntries));
  }

  /// Converts the reply of [#findOldest]. It contains up to twice the requested number of entries:
  /// those of an older version are separate.
  static List<LineEntry> entries(Reply<List<byte[]>> oldest) {
    List<byte[]> values = oldest.value().orElse(List.of());
    List<LineEntry> entries = new ArrayList<>(values.size() / 2);
    for (int i = 0; i + 1 < values.size(); i += 2) {
      long micros = (long) Double.parseDouble(text(values.get(i + 1)));
      Instant acceptedAt = Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
      uuid(values.get(i)).ifPresent(id -> entries.add(new LineEntry(id, acceptedAt)));
    }
    return entries;
  }

  private static List<Object> keys(long eventId) {
    return List.of(indexKey(eventId), "waiting:" + eventId);
  }

  /// The hash tag stores all keys of a line on one cluster node.
  private static String indexKey(long eventId) {
    return "{waiting:" + eventId + "}";
  }

  private static byte[] score(Instant acceptedAt) {
    return ascii(ChronoUnit.MICROS.between(Instant.EPOCH, acceptedAt));
  }

  private static byte[] ascii(Object value) {
    return value.toString().getBytes(StandardCharsets.US_ASCII);
  }

  private static String text(byte[] ascii) {
    return new String(ascii, StandardCharsets.US_ASCII);
  }

  /// Empty if the member is no ticket id.
  private static Optional<UUID> uuid(byte[] member) {
    if (member.length == UUID_BYTES) {
      ByteBuffer id = ByteBuffer.wrap(member);
      return Optional.of(new UUID(id.getLong(), id.getLong()));
    }
    try {
      return Optional.of(UUID.fromString(text(member)));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static String script(String name) {
    return RedisGateway.script(WaitingLine.class, name);
  }
}
