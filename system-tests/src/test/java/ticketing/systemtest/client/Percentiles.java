package ticketing.systemtest.client;

import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/// How long something took, many times: whole milliseconds, from any number of threads.
public final class Percentiles {

  private final Map<Long, LongAdder> counts = new ConcurrentSkipListMap<>();

  /// @param since a time of [System#nanoTime]
  public void noteSince(long since) {
    note(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - since));
  }

  void note(long millis) {
    counts.computeIfAbsent(millis, key -> new LongAdder()).increment();
  }

  public long count() {
    return counts.values().stream().mapToLong(LongAdder::sum).sum();
  }

  /// @param percent 0 to 100
  /// @return ms that so many percent of them did not exceed; -1 if there is none
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
    return "p50 %,d, p99 %,d, most %,d ms of %,d"
        .formatted(percentile(50), percentile(99), percentile(100), count());
  }
}
