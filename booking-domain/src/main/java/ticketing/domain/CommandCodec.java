package ticketing.domain;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// The body of a queue message: `{"version":1,"commands":[{"action":"BOOK",...}]}`. The type of a
/// command is pinned by its `action`; nothing in a message can name a class.
public final class CommandCodec {

  /// Grows only when an older worker must not read the message at all.
  public static final int VERSION = 1;

  private static final int LONGEST_WHY = 200;
  private static final Pattern CONTROL =
      Pattern.compile("[\\p{Cntrl}\\u0080-\\u009f\\u2028\\u2029]");

  /// What became of one command of a message.
  public sealed interface Decoded {

    record Readable(Command command) implements Decoded {}

    /// @param why one line for a log, of at most 200 characters, whatever stands in the message
    /// @param ticketId present if at least that could be read
    record Unreadable(String why, Optional<UUID> ticketId) implements Decoded {
      public Unreadable {
        String line = String.valueOf(why);
        line = line.substring(0, Math.min(line.length(), LONGEST_WHY));
        why = CONTROL.matcher(line).replaceAll(" ");
      }
    }
  }

  /// The body as it is written.
  public record Envelope(int version, List<Command> commands) {}

  private CommandCodec() {}

  public static String encode(Command... commands) {
    return encode(List.of(commands));
  }

  public static String encode(List<Command> commands) {
    return Json.INTERNAL.writeValueAsString(new Envelope(VERSION, commands));
  }

  /// Reads what can be read; never throws, and one bad command does not hurt its neighbours. The
  /// result is never empty.
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
    boolean known = root.path("version").isInt() && root.path("version").intValue() == VERSION;
    List<Decoded> decoded = new ArrayList<>(commands.size());
    for (JsonNode node : commands) {
      decoded.add(known ? read(node) : new Decoded.Unreadable("unknown version", ticketId(node)));
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
      return new Decoded.Unreadable(e.getOriginalMessage(), ticketId(node));
    }
  }

  private static Optional<UUID> ticketId(JsonNode node) {
    try {
      return Optional.of(UUID.fromString(node.path("ticketId").asString("")));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
