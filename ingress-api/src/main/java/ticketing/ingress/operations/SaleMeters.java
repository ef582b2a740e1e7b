package ticketing.ingress.operations;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.ValueAtPercentile;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.ingress.ticket.DecisionObserver;

/// Meters of the operations page. The counters are read every 5 s; a rate is the increase between
/// the last two readings. Decisions are those of all workers as published; a repeated publication
/// counts again. Bookings are those of this process.
///
/// The meters are not exported: each ingress process counts every decision, so a sum over processes
/// would be too high.
@Component
class SaleMeters implements DecisionObserver, AutoCloseable {

  private static final Duration INTERVAL = Duration.ofSeconds(5);
  private static final Duration LATENCY_WINDOW = Duration.ofSeconds(15);
  private static final Duration MIN_LATENCY = Duration.ofMillis(1);
  private static final Duration MAX_LATENCY = Duration.ofMinutes(30);

  private final Clock clock;
  private final MeterRegistry registry;
  private final ScheduledExecutorService reader =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("sale-meters").factory());
  private final List<Rate> rates = new ArrayList<>();
  private final Map<TicketStatus, Rate> decisions = new EnumMap<>(TicketStatus.class);
  private final Map<Reason, Rate> rejections = new EnumMap<>(Reason.class);
  private final Rate accepted;
  private final Rate refused;
  private final Timer latency;
  private long lastReadNanos;
  private volatile SaleStatistics.@Nullable Latency lastLatency;

  @Autowired
  SaleMeters() {
    this(Clock.SYSTEM);
    long millis = INTERVAL.toMillis();
    reader.scheduleWithFixedDelay(this::readCounters, millis, millis, TimeUnit.MILLISECONDS);
  }

  /// Meters whose counters are read by [#readCounters] only.
  SaleMeters(Clock clock) {
    this.clock = clock;
    this.lastReadNanos = clock.monotonicTime();
    this.registry = new SimpleMeterRegistry(SimpleConfig.DEFAULT, clock);
    for (TicketStatus status : TicketStatus.values()) {
      if (status.isFinal()) {
        decisions.put(status, rate("decisions", "status", status.name()));
      }
    }
    for (Reason reason : Reason.values()) {
      rejections.put(reason, rate("rejections", "reason", reason.name()));
    }
    this.accepted = rate("bookings", "result", "accepted");
    this.refused = rate("bookings", "result", "refused");
    this.latency =
        Timer.builder("decision.latency")
            .publishPercentiles(0.5, 0.99)
            .percentilePrecision(2)
            .minimumExpectedValue(MIN_LATENCY)
            .maximumExpectedValue(MAX_LATENCY)
            .distributionStatisticExpiry(LATENCY_WINDOW)
            .register(registry);
  }

  private Rate rate(String name, String tag, String value) {
    Rate rate = new Rate(registry.counter(name, tag, value));
    rates.add(rate);
    return rate;
  }

  /// Computes the rates since the last reading and the latency.
  void readCounters() {
    long now = clock.monotonicTime();
    double seconds = (now - lastReadNanos) / 1e9;
    lastReadNanos = now;
    rates.forEach(rate -> rate.read(seconds));
    lastLatency = readLatency();
  }

  /// Runs at each reading, because Micrometer's window drops recent values after a time without
  /// reads.
  private SaleStatistics.@Nullable Latency readLatency() {
    ValueAtPercentile[] percentiles = latency.takeSnapshot().percentileValues();
    long p50 = Math.round(percentiles[0].value(TimeUnit.MILLISECONDS));
    long p99 = Math.round(percentiles[1].value(TimeUnit.MILLISECONDS));
    // An empty window has the percentiles 0.
    return p99 == 0 ? null : new SaleStatistics.Latency(p50, p99);
  }

  @Override
  public void decided(Ticket ticket) {
    decisions.get(ticket.status()).counter.increment();
    if (ticket.reason() != null) {
      rejections.get(ticket.reason()).counter.increment();
    }
    if (ticket.acceptedAt() != null && ticket.decidedAt() != null) {
      Duration age = Duration.between(ticket.acceptedAt(), ticket.decidedAt());
      latency.record(age.compareTo(MIN_LATENCY) < 0 ? MIN_LATENCY : age);
    }
  }

  /// @param wasAccepted the booking was answered with 202
  void countBooking(boolean wasAccepted) {
    (wasAccepted ? accepted : refused).counter.increment();
  }

  double decisionsPerSecond() {
    return decisions.values().stream().mapToDouble(rate -> rate.perSecond).sum();
  }

  double decisionsPerSecond(TicketStatus status) {
    return decisions.get(status).perSecond;
  }

  double rejectionsPerSecond(Reason reason) {
    return rejections.get(reason).perSecond;
  }

  double acceptedPerSecond() {
    return accepted.perSecond;
  }

  double refusedPerSecond() {
    return refused.perSecond;
  }

  /// Latency of the last 10 to 15 s ahead of the last reading; empty without decisions.
  Optional<SaleStatistics.Latency> latency() {
    return Optional.ofNullable(lastLatency);
  }

  @Override
  public void close() {
    reader.shutdownNow();
    registry.close();
  }

  private static final class Rate {

    private final Counter counter;
    private double lastCount;
    private volatile double perSecond;

    Rate(Counter counter) {
      this.counter = counter;
    }

    void read(double seconds) {
      double count = counter.count();
      perSecond = (count - lastCount) / seconds;
      lastCount = count;
    }
  }
}
