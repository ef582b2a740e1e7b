package ticketing.status;

import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import ticketing.domain.Action;
import ticketing.domain.Json;
import ticketing.domain.Money;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import tools.jackson.core.JacksonException;

/// Encoding of the entries under `ticket:{ticketId}`. A decided entry is JSON. A pending entry is
/// binary, because a backlog has up to a million of them: 61 bytes with an `Idempotency-Key`, a
/// UUID as owner and a short seat type. A pending entry in JSON (of an older version) is readable.
///
/// Bytes of a pending entry: format (1), flags and action, 16 of the attempt id; then as the flags
/// state: the owner as 16 bytes of a UUID, or its length and UTF-8; the first 10 bytes of the
/// fingerprint; then 7 of the acceptance time in microseconds, the event id (variable length), the
/// quantity, the reservation id, the total price in hundredths (each of variable length), and the
/// seat type in UTF-8. The Lua scripts depend on the first byte and on the place of the attempt id.
final class StatusEntryCodec {

  private static final byte FORMAT = 1;

  private static final int OWNER_IS_UUID = 1;
  private static final int HAS_FINGERPRINT = 1 << 1;
  private static final int HAS_SEAT_TYPE = 1 << 2;
  private static final int HAS_QUANTITY = 1 << 3;
  private static final int HAS_RESERVATION = 1 << 4;
  private static final int ACTION_SHIFT = 5;
  private static final int ACTION_MASK = 3;
  private static final int HAS_PRICE = 1 << 7;

  private static final int UUID_BYTES = 16;
  private static final int TIME_BYTES = 7;
  private static final int FINGERPRINT_BYTES = StatusEntry.MIN_FINGERPRINT / 2;
  private static final HexFormat HEX = HexFormat.of();

  private StatusEntryCodec() {}

  static byte[] encode(StatusEntry entry) {
    return entry.ticket().status().isFinal() || !isCompact(entry)
        ? Json.INTERNAL.writeValueAsBytes(entry)
        : encodePending(entry);
  }

  static byte[] bytes(UUID id) {
    return ByteBuffer.allocate(UUID_BYTES)
        .putLong(id.getMostSignificantBits())
        .putLong(id.getLeastSignificantBits())
        .array();
  }

  /// Empty if the value is unreadable, of an unknown format, or the entry of another ticket.
  static Optional<StatusEntry> decode(UUID ticketId, byte[] value) {
    try {
      StatusEntry entry =
          value.length > 0 && value[0] == FORMAT
              ? decodePending(ticketId, ByteBuffer.wrap(value))
              : Json.INTERNAL.readValue(value, StatusEntry.class);
      return entry != null && entry.ticket().ticketId().equals(ticketId)
          ? Optional.of(entry)
          : Optional.empty();
    } catch (JacksonException | BufferUnderflowException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /// The binary format has no place for other values.
  private static boolean isCompact(StatusEntry entry) {
    Ticket ticket = entry.ticket();
    return entry.attemptId() != null
        && entry.trace() == null
        && ticket.action() != null
        && ticket.eventId() != null
        && ticket.acceptedAt() != null
        && (entry.fingerprint() == null || isLongHex(entry.fingerprint()));
  }

  private static boolean isLongHex(String fingerprint) {
    return fingerprint.length() >= StatusEntry.MIN_FINGERPRINT
        && fingerprint.chars().limit(StatusEntry.MIN_FINGERPRINT).allMatch(HexFormat::isHexDigit);
  }

  private static byte[] encodePending(StatusEntry entry) {
    Ticket ticket = entry.ticket();
    Optional<UUID> ownerId = parseUuid(entry.owner());
    ByteArrayOutputStream out = new ByteArrayOutputStream(64);
    out.write(FORMAT);
    out.write(
        (ownerId.isPresent() ? OWNER_IS_UUID : 0)
            | (entry.fingerprint() == null ? 0 : HAS_FINGERPRINT)
            | (ticket.seatType() == null ? 0 : HAS_SEAT_TYPE)
            | (ticket.quantity() == null ? 0 : HAS_QUANTITY)
            | (ticket.reservationId() == null ? 0 : HAS_RESERVATION)
            | (ticket.totalPrice() == null ? 0 : HAS_PRICE)
            | code(ticket.action()) << ACTION_SHIFT);
    out.writeBytes(bytes(entry.attemptId()));
    if (ownerId.isPresent()) {
      out.writeBytes(bytes(ownerId.get()));
    } else {
      byte[] owner = entry.owner().getBytes(StandardCharsets.UTF_8);
      out.write(owner.length);
      out.writeBytes(owner);
    }
    if (entry.fingerprint() != null) {
      out.writeBytes(HEX.parseHex(entry.fingerprint().substring(0, StatusEntry.MIN_FINGERPRINT)));
    }
    long micros = ChronoUnit.MICROS.between(Instant.EPOCH, ticket.acceptedAt());
    for (int shift = (TIME_BYTES - 1) * Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
      out.write((int) (micros >> shift));
    }
    writeVariable(out, ticket.eventId());
    if (ticket.quantity() != null) {
      writeVariable(out, ticket.quantity());
    }
    if (ticket.reservationId() != null) {
      writeVariable(out, ticket.reservationId());
    }
    if (ticket.totalPrice() != null) {
      writeVariable(out, ticket.totalPrice().amount().unscaledValue().longValueExact());
    }
    if (ticket.seatType() != null) {
      out.writeBytes(ticket.seatType().getBytes(StandardCharsets.UTF_8));
    }
    return out.toByteArray();
  }

  /// @throws BufferUnderflowException if the value is too short
  /// @throws IllegalArgumentException if the value is invalid
  private static StatusEntry decodePending(UUID ticketId, ByteBuffer in) {
    in.get();
    int flags = in.get();
    UUID attemptId = new UUID(in.getLong(), in.getLong());
    String owner =
        (flags & OWNER_IS_UUID) != 0
            ? new UUID(in.getLong(), in.getLong()).toString()
            : text(in, Byte.toUnsignedInt(in.get()));
    String fingerprint = null;
    if ((flags & HAS_FINGERPRINT) != 0) {
      byte[] digest = new byte[FINGERPRINT_BYTES];
      in.get(digest);
      fingerprint = HEX.formatHex(digest);
    }
    long micros = 0;
    for (int i = 0; i < TIME_BYTES; i++) {
      micros = micros << Byte.SIZE | Byte.toUnsignedLong(in.get());
    }
    long eventId = readVariable(in);
    Integer quantity = (flags & HAS_QUANTITY) == 0 ? null : Math.toIntExact(readVariable(in));
    Long reservationId = (flags & HAS_RESERVATION) == 0 ? null : readVariable(in);
    Money totalPrice =
        (flags & HAS_PRICE) == 0
            ? null
            : new Money(BigDecimal.valueOf(readVariable(in), Money.SCALE));
    String seatType = (flags & HAS_SEAT_TYPE) == 0 ? null : text(in, in.remaining());
    Ticket ticket =
        Ticket.ofLedger(
            ticketId,
            action(flags >> ACTION_SHIFT & ACTION_MASK),
            TicketStatus.PENDING,
            eventId,
            seatType,
            quantity,
            Instant.EPOCH.plus(micros, ChronoUnit.MICROS),
            null,
            reservationId,
            null,
            null,
            totalPrice);
    return new StatusEntry(owner, fingerprint, attemptId, null, ticket);
  }

  private static int code(Action action) {
    return switch (action) {
      case BOOK -> 0;
      case CONFIRM -> 1;
      case CANCEL -> 2;
      case CHANGE_SEATS -> 3;
    };
  }

  private static Action action(int code) {
    return switch (code) {
      case 0 -> Action.BOOK;
      case 1 -> Action.CONFIRM;
      case 2 -> Action.CANCEL;
      case 3 -> Action.CHANGE_SEATS;
      default -> throw new IllegalArgumentException("unknown action code");
    };
  }

  /// Empty unless the text is the canonical form of a UUID.
  private static Optional<UUID> parseUuid(@Nullable String text) {
    try {
      UUID id = UUID.fromString(text);
      return id.toString().equals(text) ? Optional.of(id) : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static String text(ByteBuffer in, int length) {
    byte[] utf8 = new byte[length];
    in.get(utf8);
    return new String(utf8, StandardCharsets.UTF_8);
  }

  /// Seven bits in each byte, the lowest first; the highest bit marks all bytes but the last.
  private static void writeVariable(ByteArrayOutputStream out, long value) {
    long rest = value;
    while (rest >>> 7 != 0) {
      out.write((int) (rest & 0x7F | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
  }

  private static long readVariable(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      byte part = in.get();
      value |= (part & 0x7FL) << shift;
      if (part >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("variable-length number is too long");
  }
}
