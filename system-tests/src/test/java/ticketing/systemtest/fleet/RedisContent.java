package ticketing.systemtest.fleet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Changes of the content of Redis, on a connection without relay.
final class RedisContent {

  private static final int TIMEOUT = 10_000; // ms
  private static final int REPLY_BYTES = 4_096;
  private static final String MAX_MEMORY = "512mb"; // as the server starts

  /// One key in five becomes absent, the others get foreign values that do not expire.
  private static final String REPLACE_ALL =
      """
      local replaced = 0
      for i, key in ipairs(redis.call('KEYS', '*')) do
        redis.call('UNLINK', key)
        local kind = i % 5
        if kind == 1 then redis.call('SET', key, '{}')
        elseif kind == 2 then redis.call('SET', key, 'garbage')
        elseif kind == 3 then redis.call('HSET', key, 'x', 'y')
        elseif kind == 4 then redis.call('RPUSH', key, 'x') end
        replaced = replaced + 1
      end
      return replaced
      """;

  private static final String FILL =
      """
      for i = 1, 200 do
        redis.call('SET', 'filler:' .. i, string.rep('x', 10000), 'EX', 60)
      end
      return 1
      """;

  private static final Pattern USED_MEMORY = Pattern.compile("used_memory:(\\d+)");
  private static final long FREE_BYTES = 1_000_000; // half of what is written

  private RedisContent() {}

  static void flush(int port) {
    send(port, "FLUSHALL");
  }

  static void replaceAllValues(int port) {
    send(port, "EVAL", REPLACE_ALL, "0");
  }

  /// Fills the memory, so that Redis evicts keys with each write.
  static void fill(int port) {
    Matcher used = USED_MEMORY.matcher(send(port, "INFO", "memory"));
    if (!used.find()) {
      throw new IllegalStateException("Redis reports no used memory");
    }
    long limit = Long.parseLong(used.group(1)) + FREE_BYTES;
    send(port, "CONFIG", "SET", "maxmemory", Long.toString(limit));
    send(port, "EVAL", FILL, "0");
  }

  static void endEvictions(int port) {
    send(port, "CONFIG", "SET", "maxmemory", MAX_MEMORY);
  }

  /// @return the reply; of a long one, the beginning
  private static String send(int port, String... command) {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.setSoTimeout(TIMEOUT);
      StringBuilder request = new StringBuilder("*" + command.length + "\r\n");
      for (String part : command) {
        request.append('$').append(part.length()).append("\r\n").append(part).append("\r\n");
      }
      socket.getOutputStream().write(request.toString().getBytes(StandardCharsets.US_ASCII));
      byte[] reply = new byte[REPLY_BYTES];
      int length = socket.getInputStream().read(reply);
      String text =
          length < 0 ? "-closed" : new String(reply, 0, length, StandardCharsets.US_ASCII);
      if (text.startsWith("-")) {
        throw new IllegalStateException(command[0] + ": " + text);
      }
      return text;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
