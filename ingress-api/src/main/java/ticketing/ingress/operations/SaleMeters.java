package ticketing.ingress.operations;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.ValueAtPercentile;
import io.micrometer.core.instrument.step.StepMeterRegistry;
import io.micrometer.core.instrument.step.StepRegistryConfig;
import io.micrometer.core.instrument.util.NamedThreadFactory;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.ingress.ticket.DecisionObserver;

/// Meters of the operations page. Every rate is the mean of the last completed step of 5 s.
/// Decisions are those of all workers as published; a repeated publication counts again. Bookings
/// are those of this process. The meters are not exported: each ingress process counts every
/// decision, so a sum over processes would be too high.
@Component
class SaleMeters implements DecisionObserver, AutoCloseable {

  static final Duration STEP = Duration.ofSeconds(5);

  private static final Duration MIN_LATENCY = Duration.ofMillis(1);
  private static final Duration MAX_LATENCY = Duration.ofMinutes(30);

  private final StepRegistry registry;
  private final Map<TicketStatus, Counter> decisions = new EnumMap<>(TicketStatus.class);
  private final Map<Reason, Counter> rejections = new EnumMap<>(Reason.class);
  private final Timer latency;
  private final Counter accepted;
  private final Counter refused;

  @Autowired
  SaleMeters() {
    this(Clock.SYSTEM);
  }

  SaleMeters(Clock clock) {
    this.registry = new StepRegistry(clock);
    for (TicketStatus status : TicketStatus.values()) {
      if (status.isFinal()) {
        decisions.put(status, registry.counter("decisions", "status", status.name()));
      }
    }
    for (Reason reason : Reason.values()) {
      rejections.put(reason, registry.counter("rejections", "reason", reason.name()));
    }
    // The expiry spans three steps, so the percentiles contain the whole last step.
    this.latency =
        Timer.builder("decision.latency")
            .publishPercentiles(0.5, 0.99)
            .percentilePrecision(2)
            .minimumExpectedValue(MIN_LATENCY)
            .maximumExpectedValue(MAX_LATENCY)
            .distributionStatisticExpiry(STEP.multipliedBy(3))
            .register(registry);
    this.accepted = registry.counter("bookings", "result", "accepted");
    this.refused = registry.counter("bookings", "result", "refused");
  }

  @Override
  public void decided(Ticket ticket) {
    decisions.get(ticket.status()).increment();
    if (ticket.reason() != null) {
      rejections.get(ticket.reason()).increment();
    }
    if (ticket.acceptedAt() != null && ticket.decidedAt() != null) {
      Duration age = Duration.between(ticket.acceptedAt(), ticket.decidedAt());
      latency.record(age.compareTo(MIN_LATENCY) < 0 ? MIN_LATENCY : age);
    }
  }

  /// @param wasAccepted the booking was answered with 202
  void countBooking(boolean wasAccepted) {
    (wasAccepted ? accepted : refused).increment();
  }

  double decisionsPerSecond() {
    return decisions.values().stream().mapToDouble(SaleMeters::perSecond).sum();
  }

  double decisionsPerSecond(TicketStatus status) {
    return perSecond(decisions.get(status));
  }

  double rejectionsPerSecond(Reason reason) {
    return perSecond(rejections.get(reason));
  }

  double acceptedPerSecond() {
    return perSecond(accepted);
  }

  double refusedPerSecond() {
    return perSecond(refused);
  }

  /// Latency over the last 10 to 15 s; empty if the last step has no decision.
  Optional<SaleStatistics.Latency> latency() {
    ValueAtPercentile[] percentiles = latency.takeSnapshot().percentileValues();
    if (latency.count() == 0 || percentiles.length == 0) {
      return Optional.empty();
    }
    return Optional.of(
        new SaleStatistics.Latency(
            Math.round(percentiles[0].value(TimeUnit.MILLISECONDS)),
            Math.round(percentiles[1].value(TimeUnit.MILLISECONDS))));
  }

  private static double perSecond(Counter counter) {
    return counter.count() / STEP.toSeconds();
  }

  @Override
  public void close() {
    registry.close();
  }

  /// Counts by step and publishes to no backend.
  private static final class StepRegistry extends StepMeterRegistry {

    private static final StepRegistryConfig CONFIG =
        new StepRegistryConfig() {
          @Override
          public String prefix() {
            return "sale";
          }

          @Override
          public String get(String key) {
            return null;
          }

          @Override
          public Duration step() {
            return STEP;
          }
        };

    StepRegistry(Clock clock) {
      super(CONFIG, clock);
      start(new NamedThreadFactory("sale-meters"));
    }

    @Override
    protected void publish() {}

    @Override
    protected TimeUnit getBaseTimeUnit() {
      return TimeUnit.MILLISECONDS;
    }
  }
}
