package ticketing.ingress.operations;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import ticketing.ingress.operations.QueueAdminService.Figures;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.settings.IngressMetrics;
import ticketing.ingress.settings.IngressSettings;

/// The figures of [QueueAdminService] as gauges, read now and then and not on every scrape: each
/// reading is two calls to SQS. NaN while they are unknown.
@Component
class QueueMetrics implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(QueueMetrics.class);

  private final QueueAdminService desk;
  private final Duration every;
  private volatile Figures latest;
  private ScheduledExecutorService clock;

  QueueMetrics(QueueAdminService desk, IngressSettings settings, IngressMetrics metrics) {
    this.desk = desk;
    this.every = settings.queue().gauges();
    metrics.watch(
        "ticketing.queue.depth", "messages", "Messages that wait", () -> value(Figures::depth));
    metrics.watch(
        "ticketing.queue.in.flight",
        "messages",
        "Messages that workers hold",
        () -> value(Figures::inFlight));
    metrics.watch(
        "ticketing.queue.oldest.age",
        "seconds",
        "Age of the oldest undecided request",
        () -> value(Figures::oldestAgeSeconds));
    metrics.watch(
        "ticketing.queue.dead.letters",
        null,
        "Messages that were given up",
        () -> value(Figures::deadLetters));
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
