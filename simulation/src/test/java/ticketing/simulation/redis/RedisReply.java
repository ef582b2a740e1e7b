package ticketing.simulation.redis;

/// Replies that are neither a number, bytes, a list nor nil.
sealed interface RedisReply {

  /// Simple string.
  record Status(String text) implements RedisReply {}

  /// Error reply to one command.
  final class CommandError extends RuntimeException implements RedisReply {
    private static final long serialVersionUID = 1L;

    CommandError(String message) {
      super(message, null, false, false);
    }

    static CommandError wrongType() {
      return new CommandError("WRONGTYPE Operation against a key holding the wrong kind of value");
    }
  }
}
