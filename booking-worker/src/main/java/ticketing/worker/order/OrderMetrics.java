package ticketing.worker.order;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.stream.IntStream;
import org.springframework.stereotype.Component;

/// Meters of the order between workers.
@Component
class OrderMetrics {

  private static final Duration[] BUCKETS =
      IntStream.of(1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000)
          .mapToObj(Duration::ofMillis)
          .toArray(Duration[]::new);

  private final Timer inOrder;
  private final Timer timedOut;

  OrderMetrics(MeterRegistry registry) {
    inOrder = timer(registry, "in_order");
    timedOut = timer(registry, "timed_out");
  }

  private static Timer timer(MeterRegistry registry, String result) {
    return Timer.builder("ticketing.order.wait")
        .description("Time for which a batch waits for earlier commands of other workers")
        .tag("result", result)
        .serviceLevelObjectives(BUCKETS)
        .register(registry);
  }

  void recordInOrder(Duration wait) {
    inOrder.record(wait);
  }

  void recordTimedOut(Duration wait) {
    timedOut.record(wait);
  }
}
