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

/// Samples of the processor time of each process: at the start of each window, from now on, and at
/// the end of the last one.
final class ProcessorSampler implements AutoCloseable {

  private final int windows;
  private final Supplier<Map<String, Duration>> times;
  private final List<Map<String, Duration>> samples = new ArrayList<>();
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();

  /// @param times processor time since the start of each process, by its name
  ProcessorSampler(Duration window, int windows, Supplier<Map<String, Duration>> times) {
    this.windows = windows;
    this.times = times;
    timer.scheduleAtFixedRate(this::sampleStart, 0, window.toNanos(), TimeUnit.NANOSECONDS);
  }

  private synchronized void sampleStart() {
    if (samples.size() < windows) {
      samples.add(times.get());
    }
  }

  /// Takes the sample at the end of the last window.
  synchronized void end() {
    timer.shutdownNow();
    samples.add(times.get());
  }

  /// Returns the processor time in a window by process.
  ///
  /// @throws IllegalStateException if a sample is missing
  synchronized Map<String, Duration> used(int window) {
    if (samples.size() != windows + 1) {
      throw new IllegalStateException("windows=%d, samples=%d".formatted(windows, samples.size()));
    }
    Map<String, Duration> start = samples.get(window);
    Map<String, Duration> used = new LinkedHashMap<>();
    samples
        .get(window + 1)
        .forEach(
            (name, time) -> used.put(name, time.minus(start.getOrDefault(name, Duration.ZERO))));
    return used;
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
