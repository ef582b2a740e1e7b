package ticketing.benchmark.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// An on-sale on AWS, second by second: requests come into the queue, workers decide them, and the
/// auto scaling group of `terraform/service_booking_worker.tf` follows the backlog with the delays
/// that it has there. Deterministic; nothing in it is measured, everything is a parameter.
///
/// What is modelled:
/// - Requests arrive evenly over the first minute and are decided in order.
/// - A worker decides at its rate; all together at most at the rate of the one event that is hot,
///   whose row only one transaction at a time may change.
/// - CloudWatch has one figure for each whole minute, the mean of the messages that wait, divided
///   by the workers in service, and has it `metricDelay` after the minute's end. What workers hold
///   already does not count as waiting.
/// - Target tracking asks for `ceil(workers x figure / target)` once its last three figures are
///   above the target, every minute anew; workers still warming up do not count, and one ordered is
///   not ordered twice.
/// - A worker ordered is in service after `boot`.
/// - After fifteen figures below nine tenths of the target, with nobody warming up, the group goes
///   back to its minimum (on AWS it goes there step by step).
///
/// What is not: that ingress-api takes the requests in the first place, failures, and redeliveries.
record OnSaleModel(
    int requests,
    double workerRate,
    double eventRate,
    double wantedLatency,
    int started,
    int min,
    int max,
    int boot,
    int warmup,
    int metricDelay,
    int held) {

  private static final int ARRIVAL_SECONDS = 60;
  private static final int PERIOD = 60;
  private static final int FIGURES_OUT = 3;
  private static final int FIGURES_IN = 15;
  private static final double IN_BELOW = 0.9;

  /// What `terraform/variables.tf` has by default, and delays that are argued in
  /// `docs/measurements/autoscaling.md`.
  static OnSaleModel of(int requests) {
    return new OnSaleModel(requests, 500, 10_000, 5, 2, 2, 20, 150, 60, 60, 5_000);
  }

  /// @param started workers that are in service when the sale opens
  OnSaleModel startedWith(int started) {
    return new OnSaleModel(
        requests,
        workerRate,
        eventRate,
        wantedLatency,
        started,
        min,
        max,
        boot,
        warmup,
        metricDelay,
        held);
  }

  /// @param boot seconds from the order of a worker until it is in service
  OnSaleModel booting(int boot) {
    return new OnSaleModel(
        requests,
        workerRate,
        eventRate,
        wantedLatency,
        started,
        min,
        max,
        boot,
        warmup,
        metricDelay,
        held);
  }

  /// @param workerRate bookings that one worker decides in a second; the target follows it
  OnSaleModel deciding(double workerRate) {
    return new OnSaleModel(
        requests,
        workerRate,
        eventRate,
        wantedLatency,
        started,
        min,
        max,
        boot,
        warmup,
        metricDelay,
        held);
  }

  OnSaleModel limitedTo(int max) {
    return new OnSaleModel(
        requests,
        workerRate,
        eventRate,
        wantedLatency,
        started,
        min,
        max,
        boot,
        warmup,
        metricDelay,
        held);
  }

  /// Waiting bookings for each worker that scaling aims at.
  double target() {
    return wantedLatency * workerRate;
  }

  /// One second.
  ///
  /// @param backlog undecided at its end
  /// @param workers in service during it
  /// @param decided during it
  record Second(double backlog, int workers, double decided) {}

  /// @param seconds from the opening, through the last one that was simulated
  /// @param drainedAt second in which the last request was decided
  /// @param medianWait seconds that half of the requests waited at most
  /// @param longestWait seconds
  /// @param firstScaledAt second in which the first ordered worker came into service; -1: none did
  record Run(
      List<Second> seconds,
      int drainedAt,
      double medianWait,
      double longestWait,
      int firstScaledAt) {

    int mostWorkers() {
      return seconds.stream().mapToInt(Second::workers).max().orElse(0);
    }
  }

  /// @param horizon most seconds to simulate
  /// @throws IllegalStateException if not all is decided by then
  Run run(int horizon) {
    List<Second> seconds = new ArrayList<>(horizon);
    // For each worker the second from which it is in service.
    List<Integer> fleet = new ArrayList<>();
    for (int worker = 0; worker < started; worker++) {
      fleet.add(-warmup);
    }
    Figures figures = new Figures();
    double backlog = 0;
    int drainedAt = -1;
    int firstScaledAt = -1;
    for (int now = 0; now < horizon; now++) {
      int workers = inService(fleet, now);
      if (workers > started && firstScaledAt < 0) {
        firstScaledAt = now;
      }
      backlog += now < ARRIVAL_SECONDS ? (double) requests / ARRIVAL_SECONDS : 0;
      double decided = Math.min(backlog, Math.min(workers * workerRate, eventRate));
      backlog -= decided;
      if (now >= ARRIVAL_SECONDS - 1 && backlog < 0.5 && drainedAt < 0) {
        drainedAt = now;
      }
      seconds.add(new Second(backlog, workers, decided));
      double waiting = Math.max(0, backlog - (double) workers * held);
      figures.sample(now, waiting / workers);
      if (figures.isNewAt(now)) {
        scale(fleet, figures, now);
      }
    }
    if (drainedAt < 0) {
      throw new IllegalStateException("not drained within " + horizon + " s");
    }
    double[] waits = waits(seconds, drainedAt);
    return new Run(seconds, drainedAt, waits[waits.length / 2], longest(waits), firstScaledAt);
  }

  private void scale(List<Integer> fleet, Figures figures, int now) {
    int counted = (int) fleet.stream().filter(from -> from + warmup <= now).count();
    if (figures.allAbove(FIGURES_OUT, target())) {
      int wanted = Math.min(max, (int) Math.ceil(counted * figures.latest() / target()));
      while (fleet.size() < wanted) {
        fleet.add(now + boot);
      }
    } else if (figures.allBelow(FIGURES_IN, IN_BELOW * target()) && counted == fleet.size()) {
      while (fleet.size() > Math.max(min, 1)) {
        fleet.removeLast();
      }
    }
  }

  private static int inService(List<Integer> fleet, int now) {
    return (int) fleet.stream().filter(from -> from <= now).count();
  }

  /// The metric as CloudWatch has it.
  private final class Figures {
    private final List<Double> known = new ArrayList<>();
    private final List<Double> minutes = new ArrayList<>();
    private double sum;

    void sample(int now, double value) {
      sum += value;
      if ((now + 1) % PERIOD == 0) {
        minutes.add(sum / PERIOD);
        sum = 0;
      }
    }

    /// Whether a minute's figure arrives in this second.
    boolean isNewAt(int now) {
      int end = now + 1 - metricDelay;
      if (end <= 0 || end % PERIOD != 0) {
        return false;
      }
      known.add(minutes.get(end / PERIOD - 1));
      return true;
    }

    double latest() {
      return known.getLast();
    }

    boolean allAbove(int count, double limit) {
      return known.size() >= count
          && known.subList(known.size() - count, known.size()).stream().allMatch(f -> f > limit);
    }

    boolean allBelow(int count, double limit) {
      return known.size() >= count
          && known.subList(known.size() - count, known.size()).stream().allMatch(f -> f < limit);
    }
  }

  /// How long a request of each arrival second waited, for the last one that came in it; every
  /// second of arrival has as many requests as any other.
  private double[] waits(List<Second> seconds, int drainedAt) {
    double[] waits = new double[ARRIVAL_SECONDS];
    double decided = 0;
    int arrival = 0;
    for (int now = 0; now <= drainedAt; now++) {
      decided += seconds.get(now).decided();
      while (arrival < ARRIVAL_SECONDS
          && decided + 0.5 >= (arrival + 1) * ((double) requests / ARRIVAL_SECONDS)) {
        waits[arrival] = now - arrival;
        arrival++;
      }
    }
    Arrays.sort(waits);
    return waits;
  }

  private static double longest(double[] sorted) {
    return sorted[sorted.length - 1];
  }
}
