package ticketing.redis;

import org.redisson.client.RedisException;
import org.redisson.client.RedisNoScriptException;
import org.redisson.client.RedisOutOfMemoryException;

/// Redis answered one command with an error, for example because its key has another type. Redis is
/// available for other keys, so the circuit breaker does not count this failure.
public final class RedisErrorReplyException extends RedisUnavailableException {

  private static final String CLIENT_DETAILS = " channel: "; // precedes the command's arguments

  RedisErrorReplyException(RedisException cause) {
    super(reply(cause), cause);
  }

  /// Returns true if the exception is an answer of the server to one command. The exceptions of
  /// connections, time limits and failovers have their own types, and messages without a code.
  static boolean isErrorReply(Throwable failure) {
    return failure instanceof RedisOutOfMemoryException
        || failure instanceof RedisNoScriptException
        || failure instanceof RedisException
            && failure.getClass() == RedisException.class
            && startsWithErrorCode(failure.getMessage());
  }

  /// Returns the server's message, without the arguments that the client appends.
  static String reply(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    int end = message.indexOf(CLIENT_DETAILS);
    return end < 0 ? message : message.substring(0, end);
  }

  private static boolean startsWithErrorCode(String message) {
    int end = message == null ? -1 : message.indexOf(' ');
    return end > 1 && message.chars().limit(end).allMatch(c -> c >= 'A' && c <= 'Z');
  }
}
