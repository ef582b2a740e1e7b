package ticketing.domain;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// The body of a queue message: `{"version":1,"commands":[{"action":"BOOK",...}]}`. The type of a
/// command is pinned by its `action`; a message cannot name a class.
public final class CommandCodec {

  /// Version of an envelope that every worker may read.
  public static final int VERSION = 1;

  /// Version of an envelope with a command for numbered seats: an older worker must not read it,
  /// because it would ignore the seats.
  public static final int SEATS_VERSION = 2;

  private static final int MAX_CAUSE_LENGTH = 200;
  private static final Pattern ACTION = Pattern.compile("[A-Z][A-Z_]{1,30}");
  private static final Pattern CONTROL =
      Pattern.compile("[\\p{Cntrl}\\u0080-\\u009f\\u2028\\u2029]");

  /// Result of decoding one command of a message.
  public sealed interface Decoded {

    record Readable(Command command) implements Decoded {}

    /// @param cause one line for a log, at most 200 characters, without control characters
    /// @param ticketId empty if it cannot be read either
    /// @param newer true if a newer version probably sent the command: the version of the envelope
    ///   is higher or the action is unknown
    record Unreadable(String cause, Optional<UUID> ticketId, boolean newer) implements Decoded {

      private Unreadable(String cause, Optional<UUID> ticketId) {
        this(cause, ticketId, false);
      }

      public Unreadable {
        String line = String.valueOf(cause);
        line = line.substring(0, Math.min(line.length(), MAX_CAUSE_LENGTH));
        cause = CONTROL.matcher(line).replaceAll(" ");
      }
    }
  }

  /// Body of a message.
  public record Envelope(int version, List<Command> commands) {}

  private CommandCodec() {}

  public static String encode(Command... commands) {
    return encode(List.of(commands));
  }

  public static String encode(List<Command> commands) {
    boolean numbered = commands.stream().anyMatch(CommandCodec::needsNumberedSeats);
    return Json.INTERNAL.writeValueAsString(
        new Envelope(numbered ? SEATS_VERSION : VERSION, commands));
  }

  private static boolean needsNumberedSeats(Command command) {
    return switch (command) {
      case Command.BookSeats book -> !book.seats().isEmpty();
      case Command.ChangeSeats change -> change.seatMap() != null;
      // An older worker leaves a command of an unknown action to a newer one.
      case Command.ConfirmHold _,
          Command.CancelReservation _,
          Command.JoinWaitingList _,
          Command.LeaveWaitingList _ ->
          false;
    };
  }

  /// Decodes each command on its own: an unreadable command does not affect the others. Never
  /// throws. The result is never empty.
  public static List<Decoded> decode(String body) {
    JsonNode root;
    try {
      root = Json.INTERNAL.readTree(body);
    } catch (JacksonException e) {
      return List.of(new Decoded.Unreadable("not JSON", Optional.empty()));
    }
    JsonNode commands = root.path("commands");
    if (!commands.isArray() || commands.isEmpty()) {
      return List.of(new Decoded.Unreadable("no commands", Optional.empty()));
    }
    int version = root.path("version").isInt() ? root.path("version").intValue() : 0;
    List<Decoded> decoded = new ArrayList<>(commands.size());
    for (JsonNode node : commands) {
      decoded.add(
          version == VERSION || version == SEATS_VERSION
              ? read(node)
              : new Decoded.Unreadable("unknown version", ticketId(node), version > SEATS_VERSION));
    }
    return decoded;
  }

  private static Decoded read(JsonNode node) {
    try {
      Command command = Json.INTERNAL.treeToValue(node, Command.class);
      return command == null
          ? new Decoded.Unreadable("null command", Optional.empty())
          : new Decoded.Readable(command);
    } catch (JacksonException e) {
      return new Decoded.Unreadable(e.getOriginalMessage(), ticketId(node), hasUnknownAction(node));
    }
  }

  private static boolean hasUnknownAction(JsonNode node) {
    String action = node.path("action").asString("");
    return ACTION.matcher(action).matches()
        && Arrays.stream(Action.values()).noneMatch(known -> known.name().equals(action));
  }

  private static Optional<UUID> ticketId(JsonNode node) {
    try {
      return Optional.of(UUID.fromString(node.path("ticketId").asString("")));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
