package ticketing.status;

import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import ticketing.domain.Action;
import ticketing.domain.Command;
import ticketing.domain.Json;
import ticketing.domain.Money;
import ticketing.domain.Ticket;
import ticketing.domain.TicketIds;
import ticketing.domain.TicketStatus;
import tools.jackson.core.JacksonException;

/// Encoding of the entries under `ticket:{ticketId}`. A decided entry is JSON. A pending entry is
/// binary, because a backlog has up to a million of them. A pending entry in JSON (of an older
/// version, or of the waiting list) is readable.
///
/// Bytes of a usual booking: format (2 to 21: twice the quantity, plus 1 with a fingerprint), the 6
/// random bytes of the attempt id, 16 of the owner's UUID, the first 5 of the fingerprint, the 6
/// lowest of the acceptance time in microseconds, the event id and the total price (each of
/// variable length), and the seat type in UTF-8. Redis stores an entry of up to 44 bytes in one
/// piece.
///
/// Bytes of another pending entry: format (1), flags and action, 16 of the attempt id; then as the
/// flags state: the owner as 16 bytes of a UUID, or its length and UTF-8; the first 10 bytes of the
/// fingerprint; then 7 of the acceptance time in microseconds, the event id (variable length), the
/// quantity, the reservation id, the total price in hundredths (each of variable length), and the
/// seat type in UTF-8. The Lua scripts depend on the first byte and on the place of the attempt id.
final class StatusEntryCodec {

  private static final int UUID_LENGTH = 36; // characters
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
  private static final int FINGERPRINT_BYTES = 10;
  private static final int BOOKING_TIME_BYTES = 6; // 9 years
  private static final int BOOKING_FINGERPRINT_BYTES = StatusEntry.MIN_FINGERPRINT / 2;
  private static final int HUNDREDTHS = 100; // of one unit of money
  private static final HexFormat HEX = HexFormat.of();

  private StatusEntryCodec() {}

  static byte[] encode(StatusEntry entry) {
    return entry.ticket().status().isFinal() || !isCompact(entry)
        ? Json.INTERNAL.writeValueAsBytes(entry)
        : isUsualBooking(entry) ? encodeBooking(entry) : encodePending(entry);
  }

  /// Attempt id in the entry of a usual booking; empty if it does not fit into one.
  static byte[] compactAttempt(StatusEntry entry) {
    long random = entry.attemptId().getLeastSignificantBits();
    return entry.attemptId().equals(TicketIds.attempt(entry.ticket().ticketId(), random))
        ? lowest(random, TicketIds.ATTEMPT_BYTES)
        : new byte[0];
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
              : value.length > 0 && isBookingFormat(value[0])
                  ? decodeBooking(ticketId, ByteBuffer.wrap(value))
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
        && !isOfWaitingList(ticket.action())
        && ticket.eventId() != null
        && ticket.acceptedAt() != null
        && (entry.fingerprint() == null || isLongHex(entry.fingerprint()));
  }

  private static boolean isOfWaitingList(Action action) {
    return switch (action) {
      case JOIN, LEAVE -> true;
      case BOOK, CONFIRM, CANCEL, CHANGE_SEATS -> false;
    };
  }

  private static boolean isLongHex(String fingerprint) {
    return fingerprint.length() >= 2 * FINGERPRINT_BYTES
        && fingerprint.chars().limit(2 * FINGERPRINT_BYTES).allMatch(HexFormat::isHexDigit);
  }

  private static boolean isUsualBooking(StatusEntry entry) {
    Ticket ticket = entry.ticket();
    return ticket.action() == Action.BOOK
        && parseUuid(entry.owner()).isPresent()
        && ticket.seatType() != null
        && ticket.quantity() != null
        && ticket.quantity() >= 1
        && ticket.quantity() <= Command.MAX_QUANTITY
        && ticket.reservationId() == null
        && compactAttempt(entry).length > 0;
  }

  private static boolean isBookingFormat(byte format) {
    return format >= 2 && format <= 2 * Command.MAX_QUANTITY + 1;
  }

  private static byte[] encodeBooking(StatusEntry entry) {
    Ticket ticket = entry.ticket();
    ByteArrayOutputStream out = new ByteArrayOutputStream(64);
    out.write(2 * ticket.quantity() + (entry.fingerprint() == null ? 0 : 1));
    out.writeBytes(compactAttempt(entry));
    out.writeBytes(bytes(UUID.fromString(entry.owner())));
    writeFingerprint(out, entry.fingerprint(), BOOKING_FINGERPRINT_BYTES);
    out.writeBytes(lowest(micros(ticket.acceptedAt()), BOOKING_TIME_BYTES));
    writeVariable(out, ticket.eventId());
    writeVariable(out, priceCode(ticket.totalPrice()));
    out.writeBytes(ticket.seatType().getBytes(StandardCharsets.UTF_8));
    return out.toByteArray();
  }

  /// @throws BufferUnderflowException if the value is too short
  /// @throws IllegalArgumentException if the value is invalid
  private static StatusEntry decodeBooking(UUID ticketId, ByteBuffer in) {
    int format = in.get();
    UUID attemptId = TicketIds.attempt(ticketId, readNumber(in, TicketIds.ATTEMPT_BYTES));
    String owner = new UUID(in.getLong(), in.getLong()).toString();
    String fingerprint = format % 2 == 0 ? null : readFingerprint(in, BOOKING_FINGERPRINT_BYTES);
    Instant acceptedAt =
        Instant.EPOCH.plus(
            nearest(readNumber(in, BOOKING_TIME_BYTES), micros(Instant.now())), ChronoUnit.MICROS);
    long eventId = readVariable(in);
    Money totalPrice = price(readVariable(in));
    return new StatusEntry(
        owner,
        fingerprint,
        attemptId,
        null,
        Ticket.ofLedger(
            ticketId,
            Action.BOOK,
            TicketStatus.PENDING,
            eventId,
            text(in, in.remaining()),
            format / 2,
            acceptedAt,
            null,
            null,
            null,
            null,
            totalPrice));
  }

  /// The number with these lowest bits that is nearest to a reference.
  private static long nearest(long lowestBits, long reference) {
    int unknownBits = Long.SIZE - BOOKING_TIME_BYTES * Byte.SIZE;
    return reference + (lowestBits - reference << unknownBits >> unknownBits);
  }

  /// 0: no price; odd: a whole number of units; even: hundredths.
  private static long priceCode(@Nullable Money price) {
    if (price == null) {
      return 0;
    }
    long hundredths = price.amount().unscaledValue().longValueExact();
    return hundredths % HUNDREDTHS == 0 ? 2 * (hundredths / HUNDREDTHS) + 1 : 2 * hundredths + 2;
  }

  private static @Nullable Money price(long code) {
    if (code == 0) {
      return null;
    }
    long hundredths = code % 2 == 1 ? code / 2 * HUNDREDTHS : code / 2 - 1;
    return new Money(BigDecimal.valueOf(hundredths, Money.SCALE));
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
    writeFingerprint(out, entry.fingerprint(), FINGERPRINT_BYTES);
    out.writeBytes(lowest(micros(ticket.acceptedAt()), TIME_BYTES));
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
    String fingerprint =
        (flags & HAS_FINGERPRINT) == 0 ? null : readFingerprint(in, FINGERPRINT_BYTES);
    long micros = readNumber(in, TIME_BYTES);
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
      case JOIN, LEAVE -> throw new IllegalArgumentException(action + " has no code");
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

  /// Empty unless the text is the canonical form of a UUID. The length is checked first, because an
  /// exception for each booking of other user ids is expensive.
  private static Optional<UUID> parseUuid(@Nullable String text) {
    if (text == null || text.length() != UUID_LENGTH) {
      return Optional.empty();
    }
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

  private static void writeFingerprint(
      ByteArrayOutputStream out, @Nullable String fingerprint, int length) {
    if (fingerprint != null) {
      out.writeBytes(HEX.parseHex(fingerprint.substring(0, 2 * length)));
    }
  }

  private static String readFingerprint(ByteBuffer in, int length) {
    byte[] digest = new byte[length];
    in.get(digest);
    return HEX.formatHex(digest);
  }

  private static long micros(Instant time) {
    return ChronoUnit.MICROS.between(Instant.EPOCH, time);
  }

  /// The lowest bytes of a number, the highest of them first.
  private static byte[] lowest(long number, int length) {
    byte[] bytes = ByteBuffer.allocate(Long.BYTES).putLong(number).array();
    return Arrays.copyOfRange(bytes, Long.BYTES - length, Long.BYTES);
  }

  private static long readNumber(ByteBuffer in, int length) {
    long number = 0;
    for (int i = 0; i < length; i++) {
      number = number << Byte.SIZE | Byte.toUnsignedLong(in.get());
    }
    return number;
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
