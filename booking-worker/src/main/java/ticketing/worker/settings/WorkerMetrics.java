package ticketing.worker.settings;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.springframework.stereotype.Component;
import ticketing.domain.Action;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;

/// What a worker counts and times. All tags have few values, known beforehand: never an event, a
/// user or a ticket.
@Component
public class WorkerMetrics {

  /// How the wait for the lock of an event ended.
  public enum LockResult {
    TAKEN,
    TIMED_OUT,
    /// There was no Redis to take it from.
    UNAVAILABLE
  }

  private static final Duration[] SHORT = millis(1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000);
  private static final Duration[] LONG =
      millis(10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000);
  private static final double[] GROUPS = {1, 2, 5, 10, 25, 50, 100, 250, 500};

  /// What a decision is counted as.
  private record Kind(Action action, TicketStatus status, Reason reason) {}

  private final MeterRegistry registry;
  private final Map<Kind, Counter> decisions = new ConcurrentHashMap<>();
  private final DistributionSummary groupSize;
  private final Map<LockResult, Timer> lockWait = new EnumMap<>(LockResult.class);
  private final Timer lockHold;
  private final Timer transaction;
  private final Timer latency;
  private final Counter received;
  private final Counter redeliveries;
  private final Counter unreadable;
  private final Counter withdrawn;
  private final Counter expired;

  public WorkerMetrics(MeterRegistry registry) {
    this.registry = registry;
    groupSize =
        DistributionSummary.builder("ticketing.group.size")
            .description("Commands decided in one transaction")
            .baseUnit("commands")
            .serviceLevelObjectives(GROUPS)
            .register(registry);
    for (LockResult result : LockResult.values()) {
      lockWait.put(
          result,
          Timer.builder("ticketing.lock.wait")
              .description("Waiting for the Redis lock of an event")
              .tag("result", result.name().toLowerCase(Locale.ROOT))
              .serviceLevelObjectives(SHORT)
              .register(registry));
    }
    lockHold =
        Timer.builder("ticketing.lock.hold")
            .description("Holding the Redis lock of an event")
            .serviceLevelObjectives(SHORT)
            .register(registry);
    transaction =
        Timer.builder("ticketing.transaction")
            .description("One transaction that decides a group, begin to commit")
            .serviceLevelObjectives(SHORT)
            .register(registry);
    latency =
        Timer.builder("ticketing.decision.latency")
            .description("From the acceptance of a command to its decision")
            .serviceLevelObjectives(LONG)
            .register(registry);
    received =
        counter("ticketing.received", "messages", "Messages received, each with some commands");
    redeliveries =
        counter("ticketing.redeliveries", null, "Messages received that were received before");
    unreadable = counter("ticketing.unreadable", "commands", "Commands that could not be read");
    withdrawn =
        counter("ticketing.withdrawn", "commands", "Commands received that ingress had taken back");
    expired = counter("ticketing.expired", "holds", "Holds whose seats went back on sale");
  }

  public void grouped(int commands) {
    groupSize.record(commands);
  }

  public void waitedForLock(LockResult result, Duration time) {
    lockWait.get(result).record(time);
  }

  public void heldLock(Duration time) {
    lockHold.record(time);
  }

  public <T> T timingTransaction(Supplier<T> work) {
    return transaction.record(work);
  }

  public void decided(Ticket ticket) {
    decisions
        .computeIfAbsent(
            new Kind(ticket.action(), ticket.status(), ticket.reason()), this::decisions)
        .increment();
    latency.record(Duration.between(ticket.acceptedAt(), ticket.decidedAt()));
  }

  private Counter decisions(Kind kind) {
    return Counter.builder("ticketing.decisions")
        .description("Commands decided; repeats of decided ones do not count")
        .tag("action", lower(kind.action()))
        .tag("status", lower(kind.status()))
        .tag("reason", kind.reason() == null ? "none" : lower(kind.reason()))
        .register(registry);
  }

  /// @param before whether this message has been received before
  public void received(boolean before) {
    received.increment();
    if (before) {
      redeliveries.increment();
    }
  }

  public void unreadable() {
    unreadable.increment();
  }

  public void withdrawn(int commands) {
    withdrawn.increment(commands);
  }

  public void expired(int holds) {
    expired.increment(holds);
  }

  /// @param unit what is counted, unless the name says so; null: none
  /// @param value read whenever somebody asks
  public void watch(String name, String unit, String description, Supplier<Number> value) {
    Gauge.builder(name, value).description(description).baseUnit(unit).register(registry);
  }

  private Counter counter(String name, String unit, String description) {
    return Counter.builder(name).description(description).baseUnit(unit).register(registry);
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static Duration[] millis(int... limits) {
    return IntStream.of(limits).mapToObj(Duration::ofMillis).toArray(Duration[]::new);
  }
}
