package ticketing.status;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import ticketing.domain.Command;
import ticketing.domain.Json;
import ticketing.domain.Money;
import ticketing.domain.Reason;
import ticketing.domain.SeatOffer;
import ticketing.domain.TicketIds;

class StatusEntryCodecTest {

  private static final UUID ID = UUID.randomUUID();
  private static final UUID ATTEMPT = TicketIds.newAttempt(ID);
  private static final String OWNER = UUID.randomUUID().toString();
  private static final String FINGERPRINT = "0123456789abcdef".repeat(4);
  private static final Instant AT = Instant.now().truncatedTo(ChronoUnit.MICROS);

  private static final UUID OTHER_ATTEMPT = UUID.randomUUID();
  private static final ChronoUnit DAY = ChronoUnit.DAYS;
  private static final long DAYS = 1_000;

  private static final List<Command> COMMANDS =
      List.of(
          new Command.BookSeats(ID, OWNER, 9_999, "VIP", 10, AT, FINGERPRINT, ATTEMPT)
              .withPrice(Money.of("150000.00")),
          new Command.BookSeats(ID, OWNER, 1, "R", 1, AT, null, ATTEMPT)
              .withPrice(Money.of("0.00")),
          new Command.BookSeats(ID, OWNER, 1, "R", 1, AT, FINGERPRINT, ATTEMPT)
              .withPrice(Money.of("99999999.99")),
          new Command.BookSeats(ID, OWNER, 1, "R", 2, AT, FINGERPRINT, ATTEMPT)
              .withPrice(Money.of("0.01")),
          new Command.BookSeats(ID, OWNER, 1, "R", 2, AT.minus(DAYS, DAY), FINGERPRINT, ATTEMPT),
          new Command.BookSeats(ID, OWNER, 1, "R", 2, AT.plus(DAYS, DAY), FINGERPRINT, ATTEMPT),
          new Command.BookSeats(ID, OWNER, 9_999, "VIP", 10, AT, FINGERPRINT, ATTEMPT),
          new Command.BookSeats(ID, OWNER, 1, "R", 1, AT, FINGERPRINT, OTHER_ATTEMPT),
          new Command.BookSeats(ID, "é|subject", 1, "스탠딩 𝄞 abcd", 1, AT, null, ATTEMPT),
          new Command.BookSeats(ID, OWNER.toUpperCase(Locale.ROOT), 1, "", 1, AT, null, ATTEMPT),
          new Command.ConfirmHold(ID, OWNER, Long.MAX_VALUE, Long.MAX_VALUE, AT, null, ATTEMPT),
          new Command.CancelReservation(ID, "x".repeat(50), 7, 0, true, AT, FINGERPRINT, ATTEMPT),
          new Command.ChangeSeats(
              ID, OWNER, 7, List.of(new SeatOffer("A", Money.of("1.00"), 5)), AT, null, ATTEMPT));

  @ParameterizedTest
  @FieldSource("COMMANDS")
  void pendingEntryIsReadAsStored(Command command) {
    StatusEntry entry = StatusEntry.pending(command);

    StatusEntry decoded = StatusEntryCodec.decode(ID, StatusEntryCodec.encode(entry)).orElseThrow();

    assertThat(decoded.ticket()).isEqualTo(entry.ticket());
    assertThat(decoded.owner()).isEqualTo(entry.owner());
    assertThat(decoded.attemptId()).isEqualTo(command.attemptId());
    if (command.fingerprint() == null) {
      assertThat(decoded.fingerprint()).isNull();
    } else {
      assertThat(decoded.hasFingerprint(FINGERPRINT)).isTrue();
      assertThat(decoded.hasFingerprint("1" + FINGERPRINT.substring(1))).isFalse();
    }
  }

  @Test
  void usualPendingEntryHasAtMost44Bytes() {
    assertThat(StatusEntryCodec.encode(StatusEntry.pending(COMMANDS.getFirst())))
        .hasSizeLessThanOrEqualTo(44);
  }

  @ParameterizedTest
  @FieldSource("COMMANDS")
  void entriesInJsonAreReadable(Command command) {
    StatusEntry pending = StatusEntry.pending(command);
    StatusEntry decided = pending.decided(pending.ticket().rejected(Reason.SOLD_OUT, AT));

    assertThat(StatusEntryCodec.decode(ID, Json.INTERNAL.writeValueAsBytes(pending)))
        .contains(pending);
    assertThat(StatusEntryCodec.decode(ID, StatusEntryCodec.encode(decided))).contains(decided);
  }

  @Test
  void everyOtherValueIsNoEntry() {
    for (Command command : List.of(COMMANDS.getFirst(), COMMANDS.getLast())) {
      byte[] entry = StatusEntryCodec.encode(StatusEntry.pending(command));
      for (int length = 0; length < 34; length++) {
        assertThat(StatusEntryCodec.decode(ID, Arrays.copyOf(entry, length))).isEmpty();
      }
      entry[0] = 22;
      assertThat(StatusEntryCodec.decode(ID, entry)).isEmpty();
    }
    for (String text : List.of("", "garbage", "{}", "null", "1", "[]", "{\"owner\":\"7\"}")) {
      assertThat(StatusEntryCodec.decode(ID, text.getBytes(StandardCharsets.UTF_8))).isEmpty();
    }
    byte[] other = Json.INTERNAL.writeValueAsBytes(StatusEntry.pending(COMMANDS.getFirst()));
    assertThat(StatusEntryCodec.decode(UUID.randomUUID(), other)).isEmpty();
  }
}
