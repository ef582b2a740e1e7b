package ticketing.worker.pipeline;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import ticketing.domain.Action;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;

/// Meters of the pipeline. All tags have few values, never an event, a user or a ticket.
@Component
class PipelineMetrics {

  private static final double[] BATCH_SIZES = {1, 2, 5, 10, 25, 50, 100, 250, 500};
  private static final Duration[] LATENCIES =
      IntStream.of(10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000)
          .mapToObj(Duration::ofMillis)
          .toArray(Duration[]::new);

  private record DecisionTags(Action action, TicketStatus status, @Nullable Reason reason) {}

  private final MeterRegistry registry;
  private final Map<DecisionTags, Counter> decisions = new ConcurrentHashMap<>();
  private final DistributionSummary batchSize;
  private final Timer latency;
  private final Counter received;
  private final Counter redeliveries;
  private final Counter unreadable;
  private final Counter revoked;
  private final Counter expired;

  PipelineMetrics(MeterRegistry registry) {
    this.registry = registry;
    batchSize =
        DistributionSummary.builder("ticketing.batch.size")
            .description("Commands decided in one transaction")
            .baseUnit("commands")
            .serviceLevelObjectives(BATCH_SIZES)
            .register(registry);
    latency =
        Timer.builder("ticketing.decision.latency")
            .description("Time from the acceptance of a command to its decision")
            .serviceLevelObjectives(LATENCIES)
            .register(registry);
    received = counter("ticketing.received", "messages", "Received messages");
    redeliveries =
        Counter.builder("ticketing.redeliveries")
            .description("Received messages with a receive count above 1")
            .register(registry);
    unreadable = counter("ticketing.unreadable", "commands", "Received unreadable commands");
    expired = counter("ticketing.expired", "holds", "Expired holds");
    revoked = counter("ticketing.revoked", "commands", "Received commands that were revoked");
  }

  void recordBatchSize(int commands) {
    batchSize.record(commands);
  }

  void recordDecision(Ticket ticket) {
    decisions
        .computeIfAbsent(
            new DecisionTags(ticket.action(), ticket.status(), ticket.reason()), this::decisions)
        .increment();
    latency.record(Duration.between(ticket.acceptedAt(), ticket.decidedAt()));
  }

  private Counter decisions(DecisionTags tags) {
    return Counter.builder("ticketing.decisions")
        .description("First decisions of commands")
        .tag("action", lowerCase(tags.action()))
        .tag("status", lowerCase(tags.status()))
        .tag("reason", tags.reason() == null ? "none" : lowerCase(tags.reason()))
        .register(registry);
  }

  void recordReceived(boolean redelivery) {
    received.increment();
    if (redelivery) {
      redeliveries.increment();
    }
  }

  void recordUnreadable(int commands) {
    unreadable.increment(commands);
  }

  void recordRevoked(int commands) {
    revoked.increment(commands);
  }

  void recordExpired(int holds) {
    expired.increment(holds);
  }

  void gauge(String name, String unit, String description, Supplier<Number> value) {
    Gauge.builder(name, value).description(description).baseUnit(unit).register(registry);
  }

  private Counter counter(String name, String unit, String description) {
    return Counter.builder(name).description(description).baseUnit(unit).register(registry);
  }

  private static String lowerCase(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
