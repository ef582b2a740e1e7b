package ticketing.worker.lock;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.springframework.stereotype.Component;

/// Meters of the Redis lock.
@Component
class LockMetrics {

  /// Result of an acquisition.
  enum Result {
    TAKEN,
    TIMED_OUT,
    /// Redis was unavailable.
    UNAVAILABLE
  }

  private static final Duration[] BUCKETS =
      IntStream.of(1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000)
          .mapToObj(Duration::ofMillis)
          .toArray(Duration[]::new);

  private final Map<Result, Timer> wait = new EnumMap<>(Result.class);
  private final Timer hold;

  LockMetrics(MeterRegistry registry) {
    for (Result result : Result.values()) {
      wait.put(
          result,
          Timer.builder("ticketing.lock.wait")
              .description("Time to acquire the Redis lock of an event")
              .tag("result", result.name().toLowerCase(Locale.ROOT))
              .serviceLevelObjectives(BUCKETS)
              .register(registry));
    }
    hold =
        Timer.builder("ticketing.lock.hold")
            .description("Time between acquisition and release of the Redis lock of an event")
            .serviceLevelObjectives(BUCKETS)
            .register(registry);
  }

  void recordWait(Result result, Duration time) {
    wait.get(result).record(time);
  }

  void recordHold(Duration time) {
    hold.record(time);
  }
}
