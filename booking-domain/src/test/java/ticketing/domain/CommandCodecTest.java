package ticketing.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ticketing.domain.Command.BookSeats.Otherwise;
import ticketing.domain.Command.ChangeSeats.SeatMapChange;
import ticketing.domain.CommandCodec.Decoded;

class CommandCodecTest {

  private static final Instant NOW = Instant.parse("2026-12-24T10:00:00.123456Z");

  private static final List<Command> COMMANDS =
      List.of(
          new Command.BookSeats(
              UUID.randomUUID(), "7", 1, "VIP", 2, NOW, "print", UUID.randomUUID()),
          new Command.ConfirmHold(UUID.randomUUID(), "7", 1, 42, NOW),
          new Command.CancelReservation(UUID.randomUUID(), "7", 1, 42, true, NOW),
          new Command.ChangeSeats(
              UUID.randomUUID(),
              "1",
              1,
              List.of(new SeatOffer("VIP", Money.of("150000.00"), 100)),
              NOW));

  @Test
  void priceAndRevisionAreDecodedAndOptional() {
    Command.BookSeats book = (Command.BookSeats) COMMANDS.getFirst();
    Command.ChangeSeats change = (Command.ChangeSeats) COMMANDS.getLast();
    List<Command> complete = List.of(book.withPrice(Money.of("12.50")), change.basedOn(3));
    String body = CommandCodec.encode(complete);
    assertThat(CommandCodec.decode(body))
        .isEqualTo(complete.stream().map(Decoded.Readable::new).toList());
    // Commands of an older version.
    String old = body.replace(",\"price\":\"12.50\"}", "}").replace(",\"revision\":3", "");
    assertThat(CommandCodec.decode(old))
        .isEqualTo(List.of(new Decoded.Readable(book), new Decoded.Readable(change)));
  }

  @Test
  void everyCommandTypeIsDecodedUnchanged() {
    assertThat(CommandCodec.decode(CommandCodec.encode(COMMANDS)))
        .isEqualTo(COMMANDS.stream().map(Decoded.Readable::new).toList());
  }

  /// An older worker leaves a message with an unknown action to a newer one, so the version stays.
  @Test
  void waitingListCommandsAreDecodedUnchanged() {
    Command.BookSeats book = (Command.BookSeats) COMMANDS.getFirst();
    List<Command> commands =
        List.of(
            new Command.JoinWaitingList(
                book.ticketId(), "17", 1, "VIP", 2, book.acceptedAt(), "f", null, null),
            new Command.LeaveWaitingList(
                book.ticketId(), "17", 1, 7, book.acceptedAt(), null, book.ticketId()));
    String body = CommandCodec.encode(commands);
    assertThat(body).startsWith("{\"version\":1,");
    assertThat(CommandCodec.decode(body))
        .isEqualTo(commands.stream().map(Decoded.Readable::new).toList());
  }

  /// An older worker would ignore the seats, so it must not read the message.
  @Test
  void commandsForNumberedSeatsHaveANewerVersion() {
    Command.BookSeats book = (Command.BookSeats) COMMANDS.getFirst();
    Command.ChangeSeats change = (Command.ChangeSeats) COMMANDS.getLast();
    List<Command> numbered =
        List.of(
            book.withSeats(List.of("B-1", "B-2"), null),
            book.withSeats(List.of("B-1", "B-2"), Otherwise.BEST),
            change.withSeatMap(SeatMapChange.REPLACE),
            change.basedOn(3).withSeatMap(SeatMapChange.REMOVE));
    for (Command command : numbered) {
      String body = CommandCodec.encode(command);
      assertThat(body).startsWith("{\"version\":2,");
      assertThat(CommandCodec.decode(body)).isEqualTo(List.of(new Decoded.Readable(command)));
    }
    assertThat(CommandCodec.encode(COMMANDS))
        .startsWith("{\"version\":1,")
        .doesNotContain("seats\"", "otherwise", "seatMap");
  }

  @Test
  void requestedSeatsAreAsManyAsTheQuantity() {
    Command.BookSeats book = (Command.BookSeats) COMMANDS.getFirst();
    for (List<String> seats :
        List.of(List.of("a"), List.of("a", "a"), List.of("a", "b", "c"), List.of("a", "b c"))) {
      assertThatThrownBy(() -> book.withSeats(seats, null))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> book.withSeats(List.of(), Otherwise.BEST))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void unreadableCommandDoesNotAffectTheOthers() {
    String body = CommandCodec.encode(COMMANDS).replace("\"quantity\":2", "\"quantity\":\"two\"");
    List<Decoded> decoded = CommandCodec.decode(body);
    assertThat(decoded).hasSize(4);
    assertThat(decoded.getFirst())
        .isInstanceOfSatisfying(
            Decoded.Unreadable.class,
            bad -> assertThat(bad.ticketId()).contains(COMMANDS.getFirst().ticketId()));
    assertThat(decoded.subList(1, 4)).allMatch(Decoded.Readable.class::isInstance);
  }

  @Test
  void newerVersionsAndActionsAreMarked() {
    String known = CommandCodec.encode(COMMANDS.get(1));
    assertThat(newer(known.replace("\"version\":1", "\"version\":3"))).isTrue();
    assertThat(newer(known.replace("\"CONFIRM\"", "\"JOIN_LINE\""))).isTrue();
    assertThat(newer(known.replace("\"version\":1", "\"version\":0"))).isFalse();
    assertThat(newer(known.replace("\"version\":1", "\"version\":\"3\""))).isFalse();
    assertThat(newer(known.replace("\"CONFIRM\"", "\"java.lang.Runtime\""))).isFalse();
    assertThat(newer(known.replace("42", "\"x\""))).isFalse();
    assertThat(newer("not JSON")).isFalse();
  }

  private static boolean newer(String body) {
    return ((Decoded.Unreadable) CommandCodec.decode(body).getFirst()).newer();
  }

  @Test
  void newerVersionIsUnreadableWithItsTicketId() {
    UUID ticket = COMMANDS.get(1).ticketId();
    String body = CommandCodec.encode(COMMANDS.get(1)).replace("\"version\":1", "\"version\":3");
    assertThat(CommandCodec.decode(body))
        .singleElement()
        .isInstanceOfSatisfying(
            Decoded.Unreadable.class, bad -> assertThat(bad.ticketId()).contains(ticket));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "not json",
        "{\"version\":1}",
        "{\"version\":1,\"commands\":[]}",
        "{\"version\":1,\"commands\":[null]}",
        "{\"version\":1,\"commands\":[{}]}",
        "{\"version\":1,\"commands\":[{\"action\":\"BOOK\"}]}",
        "{\"version\":1,\"commands\":[{\"action\":\"java.lang.Runtime\"}]}",
        "{\"version\":\"1\",\"commands\":[{\"action\":\"BOOK\",\"ticketId\":\"x\"}]}"
      })
  void malformedMessageIsOneUnreadableCommand(String body) {
    assertThat(CommandCodec.decode(body)).singleElement().isInstanceOf(Decoded.Unreadable.class);
  }
}
