package ticketing.ingress.operations;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import ticketing.domain.Reason;
import ticketing.domain.TicketStatus;
import ticketing.redis.Heartbeats;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisUnavailableException;

/// Statistics of the whole system: decisions from [SaleMeters], bookings and live processes from
/// the heartbeats of all processes. Publishes the heartbeat of this process.
@Component
public class SaleStatistics implements AutoCloseable {

  private static final String ACCEPTED = "accepted";
  private static final String REFUSED = "refused";
  private static final String SOCKETS = "sockets";

  private final SaleMeters meters;
  private final Heartbeats heartbeats;
  private final Heartbeats.Heartbeat heartbeat;

  SaleStatistics(SaleMeters meters, RedisGateway redis) {
    this.meters = meters;
    this.heartbeats = new Heartbeats(redis);
    this.heartbeat = heartbeats.start(Heartbeats.Kind.INGRESS, this::bookingRates);
  }

  /// Rates are means of about 5 s, updated every 5 s.
  ///
  /// @param decisions per second by final status
  /// @param rejects per second by reason; reasons without a rejection are absent
  /// @param latency from acceptance to decision; null without recent decisions.
  /// @param acceptedPerSecond bookings answered with 202
  /// @param refusedPerSecond bookings answered with another status
  /// @param ingresses live ingress-api processes
  /// @param workers live booking-worker processes
  /// @param notifiers live notifier processes
  /// @param sockets open WebSocket connections of all notifiers
  public record Report(
      Map<TicketStatus, Double> decisions,
      Map<Reason, Double> rejects,
      @Nullable Latency latency,
      double acceptedPerSecond,
      double refusedPerSecond,
      int ingresses,
      int workers,
      int notifiers,
      long sockets) {}

  /// Percentiles in milliseconds, exact to 1 %, over the last 10 to 15 s.
  public record Latency(long p50, long p99) {}

  /// @throws RedisUnavailableException if the heartbeats cannot be read
  Report report() {
    Heartbeats.LiveProcesses ingresses = heartbeats.liveProcesses(Heartbeats.Kind.INGRESS);
    Heartbeats.LiveProcesses notifiers = heartbeats.liveProcesses(Heartbeats.Kind.NOTIFIER);
    Heartbeats.LiveProcesses workers = heartbeats.liveProcesses(Heartbeats.Kind.WORKER);
    Map<TicketStatus, Double> decisions = new TreeMap<>();
    for (TicketStatus status : TicketStatus.values()) {
      if (status.isFinal()) {
        decisions.put(status, meters.decisionsPerSecond(status));
      }
    }
    Map<Reason, Double> rejects = new TreeMap<>();
    for (Reason reason : Reason.values()) {
      double rate = meters.rejectionsPerSecond(reason);
      if (rate > 0) {
        rejects.put(reason, rate);
      }
    }
    return new Report(
        decisions,
        rejects,
        meters.latency().orElse(null),
        ingresses.sum(ACCEPTED),
        ingresses.sum(REFUSED),
        ingresses.processes(),
        workers.processes(),
        notifiers.processes(),
        Math.round(notifiers.sum(SOCKETS)));
  }

  private Map<String, Double> bookingRates() {
    return Map.of(ACCEPTED, meters.acceptedPerSecond(), REFUSED, meters.refusedPerSecond());
  }

  @Override
  public void close() {
    heartbeat.close();
  }
}
