package ticketing.ingress.operations;

import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.ingress.ticket.DecisionObserver;
import ticketing.redis.Heartbeats;
import ticketing.redis.RedisGateway;

/// How the sale goes, counted over the last five whole seconds. Decisions are those of the whole
/// system, as announced (a repeated announcement counts again); accepted and refused bookings and
/// the processes are known from the heartbeats of all.
@Component
public class SaleStatistics implements DecisionObserver, AutoCloseable {

  private static final int WINDOW = 5;
  private static final double NARROWEST = 1; // ms, of the first bucket
  private static final double WIDER = 1.2; // from bucket to bucket
  private static final int BUCKETS = 80; // the last one begins at 30 minutes

  private static final String ACCEPTED = "accepted";
  private static final String REFUSED = "refused";

  private final Clock clock;
  private final Heartbeats heartbeats;
  private final Heartbeats.Heartbeat pulse;
  private final Second[] seconds = new Second[WINDOW + 1];

  private static final class Second {
    final long start;
    final long[] statuses = new long[TicketStatus.values().length];
    final long[] reasons = new long[Reason.values().length];
    final long[] latencies = new long[BUCKETS];
    long accepted;
    long refused;

    Second(long start) {
      this.start = start;
    }
  }

  SaleStatistics(Clock clock, RedisGateway redis) {
    this.clock = clock;
    Arrays.setAll(seconds, slot -> new Second(Long.MIN_VALUE));
    this.heartbeats = new Heartbeats(redis);
    this.pulse = heartbeats.start(Heartbeats.Kind.INGRESS, this::door);
  }

  /// @param decisions per second by final status
  /// @param rejects per second by reason
  /// @param latency from acceptance to decision; null if nothing was decided
  /// @param acceptedPerSecond bookings answered with 202
  /// @param refusedPerSecond bookings answered with anything else
  /// @param sockets open at all notifiers
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

  /// In milliseconds, to within a fifth.
  public record Latency(long p50, long p99) {}

  @Override
  public synchronized void decided(Ticket ticket) {
    Second second = second();
    second.statuses[ticket.status().ordinal()]++;
    if (ticket.reason() != null) {
      second.reasons[ticket.reason().ordinal()]++;
    }
    if (ticket.acceptedAt() != null && ticket.decidedAt() != null) {
      second.latencies[bucket(Duration.between(ticket.acceptedAt(), ticket.decidedAt()))]++;
    }
  }

  /// @param accepted whether a booking was answered with 202
  public synchronized void answered(boolean accepted) {
    if (accepted) {
      second().accepted++;
    } else {
      second().refused++;
    }
  }

  /// @throws ticketing.redis.RedisUnavailableException if nobody can tell
  Report report() {
    Heartbeats.LiveProcesses ingresses = heartbeats.liveProcesses(Heartbeats.Kind.INGRESS);
    Heartbeats.LiveProcesses notifiers = heartbeats.liveProcesses(Heartbeats.Kind.NOTIFIER);
    Heartbeats.LiveProcesses workers = heartbeats.liveProcesses(Heartbeats.Kind.WORKER);
    Second all = lately();
    Map<TicketStatus, Double> decisions = new TreeMap<>();
    for (TicketStatus status : TicketStatus.values()) {
      if (status.isFinal()) {
        decisions.put(status, (double) all.statuses[status.ordinal()] / WINDOW);
      }
    }
    Map<Reason, Double> rejects = new TreeMap<>();
    for (Reason reason : Reason.values()) {
      if (all.reasons[reason.ordinal()] > 0) {
        rejects.put(reason, (double) all.reasons[reason.ordinal()] / WINDOW);
      }
    }
    return new Report(
        decisions,
        rejects,
        latency(all.latencies),
        ingresses.sum(ACCEPTED),
        ingresses.sum(REFUSED),
        ingresses.processes(),
        workers.processes(),
        notifiers.processes(),
        Math.round(notifiers.sum("sockets")));
  }

  private Map<String, Double> door() {
    Second all = lately();
    return Map.of(ACCEPTED, (double) all.accepted / WINDOW, REFUSED, (double) all.refused / WINDOW);
  }

  private Second second() {
    long now = clock.instant().getEpochSecond();
    int slot = (int) (now % seconds.length);
    if (seconds[slot].start != now) {
      seconds[slot] = new Second(now);
    }
    return seconds[slot];
  }

  private synchronized Second lately() {
    long now = clock.instant().getEpochSecond();
    Second sum = new Second(now);
    for (Second second : seconds) {
      if (second.start < now && second.start >= now - WINDOW) {
        add(second.statuses, sum.statuses);
        add(second.reasons, sum.reasons);
        add(second.latencies, sum.latencies);
        sum.accepted += second.accepted;
        sum.refused += second.refused;
      }
    }
    return sum;
  }

  private static void add(long[] some, long[] to) {
    Arrays.setAll(to, i -> to[i] + some[i]);
  }

  private static int bucket(Duration latency) {
    double millis = Math.max(NARROWEST, latency.toNanos() / 1e6);
    return (int) Math.min(BUCKETS - 1, Math.log(millis / NARROWEST) / Math.log(WIDER));
  }

  private static Latency latency(long[] buckets) {
    long all = Arrays.stream(buckets).sum();
    return all == 0 ? null : new Latency(quantile(buckets, all, 0.5), quantile(buckets, all, 0.99));
  }

  private static long quantile(long[] buckets, long all, double share) {
    long left = (long) Math.ceil(all * share);
    int bucket = 0;
    while (left > buckets[bucket]) {
      left -= buckets[bucket++];
    }
    return Math.round(NARROWEST * Math.pow(WIDER, bucket + 1));
  }

  @Override
  public void close() {
    pulse.close();
  }
}
