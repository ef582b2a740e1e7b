package ticketing.ingress.operations;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import ticketing.ingress.operations.QueueAdminService.Figures;
import ticketing.ingress.problem.ApiException;

/// Gauges of the queue. A reading takes two SQS calls, so it runs at a fixed interval and not on
/// each scrape. NaN while the queue is unavailable.
@Component
class QueueMetrics implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(QueueMetrics.class);

  private final QueueAdminService queue;
  private final Duration interval;
  private volatile Figures latest;
  private ScheduledExecutorService scheduler;

  QueueMetrics(QueueAdminService queue, OperationsSettings settings, MeterRegistry registry) {
    this.queue = queue;
    this.interval = settings.queueMetricsInterval();
    register(
        registry,
        "ticketing.queue.depth",
        "messages",
        "Visible messages (backlog)",
        () -> value(Figures::depth));
    register(
        registry,
        "ticketing.queue.in.flight",
        "messages",
        "Messages in flight (received and not acknowledged)",
        () -> value(Figures::inFlight));
    register(
        registry,
        "ticketing.queue.oldest.age",
        "seconds",
        "Age of the oldest undecided command",
        () -> value(Figures::oldestAgeSeconds));
    register(
        registry,
        "ticketing.queue.dead.letters",
        null,
        "Messages in the dead-letter queue",
        () -> value(Figures::deadLetters));
  }

  private static void register(
      MeterRegistry registry,
      String name,
      String unit,
      String description,
      Supplier<Number> value) {
    Gauge.builder(name, value).description(description).baseUnit(unit).register(registry);
  }

  private double value(Function<Figures, Long> attribute) {
    Figures figures = latest;
    Long value = figures == null ? null : attribute.apply(figures);
    return value == null ? Double.NaN : value;
  }

  private void read() {
    try {
      latest = queue.figures();
    } catch (ApiException e) {
      latest = null;
    } catch (RuntimeException e) {
      // An exception would cancel all further readings.
      latest = null;
      log.warn("cannot read queue attributes", e);
    }
  }

  @Override
  public void start() {
    scheduler =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofVirtual().name("queue-metrics").factory());
    if (!interval.isZero()) {
      scheduler.scheduleWithFixedDelay(this::read, 0, interval.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  @Override
  public void stop() {
    scheduler.shutdownNow();
    scheduler = null;
  }

  @Override
  public boolean isRunning() {
    return scheduler != null;
  }
}
