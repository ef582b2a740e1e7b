package ticketing.systemtest.client;

import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/// Percentiles of durations in whole milliseconds. Thread-safe.
public final class Percentiles {

  private final Map<Long, LongAdder> counts = new ConcurrentSkipListMap<>();

  /// Adds the time since a value of [System#nanoTime].
  public void addSince(long startNanos) {
    add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos));
  }

  void add(long millis) {
    counts.computeIfAbsent(millis, key -> new LongAdder()).increment();
  }

  public long count() {
    return counts.values().stream().mapToLong(LongAdder::sum).sum();
  }

  /// @param percent 0 to 100
  /// @return milliseconds; -1 if there is no value
  public long percentile(int percent) {
    long rank = Math.max(1, Math.ceilDiv(count() * percent, 100));
    long seen = 0;
    for (Map.Entry<Long, LongAdder> entry : counts.entrySet()) {
      seen += entry.getValue().sum();
      if (seen >= rank) {
        return entry.getKey();
      }
    }
    return -1;
  }

  @Override
  public String toString() {
    return "p50 %,d, p99 %,d, max %,d ms, %,d values"
        .formatted(percentile(50), percentile(99), percentile(100), count());
  }
}
