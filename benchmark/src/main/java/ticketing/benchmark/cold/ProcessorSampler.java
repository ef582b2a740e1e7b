package ticketing.benchmark.cold;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/// Samples of the processor time of each process at the bounds of windows, from now on.
final class ProcessorSampler implements AutoCloseable {

  private final Supplier<Map<String, Duration>> times;
  private final List<Map<String, Duration>> samples = new ArrayList<>();
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();

  /// @param times processor time since the start of each process, by its name
  ProcessorSampler(Duration window, Supplier<Map<String, Duration>> times) {
    this.times = times;
    timer.scheduleAtFixedRate(this::sample, 0, window.toNanos(), TimeUnit.NANOSECONDS);
  }

  private synchronized void sample() {
    samples.add(times.get());
  }

  /// Processor time in a window by process; until now for the current window.
  synchronized Map<String, Duration> used(int window) {
    if (window + 1 == samples.size()) {
      sample();
    }
    Map<String, Duration> used = new LinkedHashMap<>();
    if (window + 1 < samples.size()) {
      samples
          .get(window + 1)
          .forEach((name, time) ->
              used.put(name, time.minus(samples.get(window).getOrDefault(name, Duration.ZERO))));
    }
    return used;
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
