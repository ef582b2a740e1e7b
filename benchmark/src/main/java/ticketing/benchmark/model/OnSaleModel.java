package ticketing.benchmark.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Deterministic model of an on-sale on AWS in steps of one second. Requests enter the queue,
/// workers decide them, and the auto scaling group of `terraform/service_booking_worker.tf` follows
/// the backlog with the delays of AWS. All values are parameters; none is measured.
///
/// Assumptions:
/// - Requests arrive evenly during the first minute and are decided in FIFO order.
/// - Each worker decides at its rate. All workers together decide at most at the rate of the one
///   hot event, because its row is locked by one transaction at a time.
/// - CloudWatch publishes one value a minute, `metricDelay` seconds after the end of the minute:
///   the mean number of visible messages, divided by the workers in service. In-flight messages do
///   not count.
/// - Target tracking requests `ceil(workers x value / target)` workers after three values above the
///   target, and again after each further value. Workers that warm up do not count, and are not
///   requested twice.
/// - A requested worker is in service after `boot` seconds.
/// - After fifteen values below 0.9 x target, without workers that warm up, the group returns to
///   its minimum. AWS does this in steps.
///
/// The model omits the capacity of ingress-api, failures and redeliveries.
///
/// @param requests number of requests in the first minute
/// @param workerRate decisions a second of one worker
/// @param eventRate decisions a second of all workers
/// @param targetLatency seconds until the decision, at the target of the scaling policy
/// @param started workers in service at the opening
/// @param min minimum number of workers
/// @param max maximum number of workers
/// @param boot seconds from the request of a worker until it is in service
/// @param warmup seconds in service until a worker counts in the scaling policy
/// @param metricDelay seconds from the end of a minute until its value is published
/// @param held in-flight messages of one worker
record OnSaleModel(
    int requests,
    double workerRate,
    double eventRate,
    double targetLatency,
    int started,
    int min,
    int max,
    int boot,
    int warmup,
    int metricDelay,
    int held) {

  private static final int ARRIVAL_SECONDS = 60;
  private static final int METRIC_PERIOD_SECONDS = 60;
  private static final int VALUES_TO_SCALE_OUT = 3;
  private static final int VALUES_TO_SCALE_IN = 15;
  private static final double SCALE_IN_RATIO = 0.9;

  /// Defaults of `terraform/variables.tf`, with the delays that `docs/benchmarks/method.md`
  /// derives.
  static OnSaleModel of(int requests) {
    return new OnSaleModel(requests, 500, 10_000, 5, 2, 2, 20, 150, 60, 60, 5_000);
  }

  OnSaleModel withStarted(int started) {
    return new OnSaleModel(
        requests,
        workerRate,
        eventRate,
        targetLatency,
        started,
        min,
        max,
        boot,
        warmup,
        metricDelay,
        held);
  }

  OnSaleModel withBoot(int boot) {
    return new OnSaleModel(
        requests,
        workerRate,
        eventRate,
        targetLatency,
        started,
        min,
        max,
        boot,
        warmup,
        metricDelay,
        held);
  }

  /// Changes the rate of a worker, and with it the target of the scaling policy.
  OnSaleModel withWorkerRate(double workerRate) {
    return new OnSaleModel(
        requests,
        workerRate,
        eventRate,
        targetLatency,
        started,
        min,
        max,
        boot,
        warmup,
        metricDelay,
        held);
  }

  OnSaleModel withMax(int max) {
    return new OnSaleModel(
        requests,
        workerRate,
        eventRate,
        targetLatency,
        started,
        min,
        max,
        boot,
        warmup,
        metricDelay,
        held);
  }

  /// Target of the scaling policy: visible messages for each worker.
  double target() {
    return targetLatency * workerRate;
  }

  /// State of one second.
  ///
  /// @param backlog undecided requests at the end
  /// @param workers workers in service
  /// @param decided requests decided
  record Second(double backlog, int workers, double decided) {}

  /// Result of a run.
  ///
  /// @param seconds all simulated seconds from the opening
  /// @param drainedAt second of the last decision
  /// @param medianWait median time to the decision, in seconds
  /// @param longestWait maximum time to the decision, in seconds
  /// @param firstScaledAt second in which the first requested worker is in service; -1: none
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

  /// @param horizon maximum number of simulated seconds
  /// @throws IllegalStateException if requests are undecided after the last second
  Run run(int horizon) {
    List<Second> seconds = new ArrayList<>(horizon);
    // Seconds from which the workers are in service.
    List<Integer> inServiceFrom = new ArrayList<>();
    for (int worker = 0; worker < started; worker++) {
      inServiceFrom.add(-warmup);
    }
    BacklogMetric metric = new BacklogMetric();
    double backlog = 0;
    int drainedAt = -1;
    int firstScaledAt = -1;
    for (int now = 0; now < horizon; now++) {
      int workers = inService(inServiceFrom, now);
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
      metric.sample(now, waiting / workers);
      if (metric.isPublishedAt(now)) {
        scale(inServiceFrom, metric, now);
      }
    }
    if (drainedAt < 0) {
      throw new IllegalStateException("not drained within " + horizon + " s");
    }
    double[] waits = waits(seconds, drainedAt);
    return new Run(seconds, drainedAt, waits[waits.length / 2], longest(waits), firstScaledAt);
  }

  private void scale(List<Integer> inServiceFrom, BacklogMetric metric, int now) {
    int warmWorkers = (int) inServiceFrom.stream().filter(from -> from + warmup <= now).count();
    if (metric.allAbove(VALUES_TO_SCALE_OUT, target())) {
      int desired = Math.min(max, (int) Math.ceil(warmWorkers * metric.latest() / target()));
      while (inServiceFrom.size() < desired) {
        inServiceFrom.add(now + boot);
      }
    } else if (metric.allBelow(VALUES_TO_SCALE_IN, SCALE_IN_RATIO * target())
        && warmWorkers == inServiceFrom.size()) {
      while (inServiceFrom.size() > Math.max(min, 1)) {
        inServiceFrom.removeLast();
      }
    }
  }

  private static int inService(List<Integer> inServiceFrom, int now) {
    return (int) inServiceFrom.stream().filter(from -> from <= now).count();
  }

  /// Values of the metric that CloudWatch has published.
  private final class BacklogMetric {
    private final List<Double> published = new ArrayList<>();
    private final List<Double> minutes = new ArrayList<>();
    private double sum;

    void sample(int now, double value) {
      sum += value;
      if ((now + 1) % METRIC_PERIOD_SECONDS == 0) {
        minutes.add(sum / METRIC_PERIOD_SECONDS);
        sum = 0;
      }
    }

    /// True in the second in which the value of a minute is published.
    boolean isPublishedAt(int now) {
      int end = now + 1 - metricDelay;
      if (end <= 0 || end % METRIC_PERIOD_SECONDS != 0) {
        return false;
      }
      published.add(minutes.get(end / METRIC_PERIOD_SECONDS - 1));
      return true;
    }

    double latest() {
      return published.getLast();
    }

    boolean allAbove(int count, double limit) {
      return published.size() >= count
          && published.subList(published.size() - count, published.size()).stream()
              .allMatch(f -> f > limit);
    }

    boolean allBelow(int count, double limit) {
      return published.size() >= count
          && published.subList(published.size() - count, published.size()).stream()
              .allMatch(f -> f < limit);
    }
  }

  /// Sorted times to the decision of the last request of each arrival second. All arrival seconds
  /// have the same number of requests.
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
