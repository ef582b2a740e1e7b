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

/// The figures of [QueueAdminService] as gauges, read now and then and not on every scrape: each
/// reading is two calls to SQS. NaN while they are unknown.
@Component
class QueueMetrics implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(QueueMetrics.class);

  private final QueueAdminService desk;
  private final Duration every;
  private volatile Figures latest;
  private ScheduledExecutorService clock;

  QueueMetrics(QueueAdminService desk, OperationsSettings settings, MeterRegistry registry) {
    this.desk = desk;
    this.every = settings.queueMetricsInterval();
    register(
        registry,
        "ticketing.queue.depth",
        "messages",
        "Messages that wait",
        () -> value(Figures::depth));
    register(
        registry,
        "ticketing.queue.in.flight",
        "messages",
        "Messages that workers hold",
        () -> value(Figures::inFlight));
    register(
        registry,
        "ticketing.queue.oldest.age",
        "seconds",
        "Age of the oldest undecided request",
        () -> value(Figures::oldestAgeSeconds));
    register(
        registry,
        "ticketing.queue.dead.letters",
        null,
        "Messages that were given up",
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

  private double value(Function<Figures, Long> of) {
    Figures figures = latest;
    Long value = figures == null ? null : of.apply(figures);
    return value == null ? Double.NaN : value;
  }

  private void read() {
    try {
      latest = desk.figures();
    } catch (ApiException e) {
      latest = null;
    } catch (RuntimeException e) {
      // It must go on with the next reading, whatever this one met.
      latest = null;
      log.warn("The figures of the queue cannot be read", e);
    }
  }

  @Override
  public void start() {
    clock = Executors.newSingleThreadScheduledExecutor(Thread.ofVirtual().name("gauges").factory());
    if (!every.isZero()) {
      clock.scheduleWithFixedDelay(this::read, 0, every.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  @Override
  public void stop() {
    clock.shutdownNow();
    clock = null;
  }

  @Override
  public boolean isRunning() {
    return clock != null;
  }
}
