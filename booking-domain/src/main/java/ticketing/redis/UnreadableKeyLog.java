package ticketing.redis;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Log of keys with unreadable values, at most one line a minute for each key. Of more than 1,000
/// keys, the least recently logged ones are forgotten, and may be logged again.
final class UnreadableKeyLog {

  private static final Logger log = LoggerFactory.getLogger(UnreadableKeyLog.class);

  private static final Duration INTERVAL = Duration.ofMinutes(1);
  private static final int MAX_KEYS = 1_000;

  private final Map<String, Long> loggedAt =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > MAX_KEYS;
        }
      };

  /// @param cause without the value
  void report(String key, String cause) {
    long now = System.nanoTime();
    synchronized (loggedAt) {
      Long last = loggedAt.get(key);
      if (last != null && now - last < INTERVAL.toNanos()) {
        return;
      }
      loggedAt.remove(key);
      loggedAt.put(key, now);
    }
    log.warn("redis value is unreadable and treated as absent, key={} cause={}", key, cause);
  }
}
