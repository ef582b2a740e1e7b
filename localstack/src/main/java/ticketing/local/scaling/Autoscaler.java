package ticketing.local.scaling;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import ticketing.local.servers.LocalServers;
import ticketing.local.servers.ServerException;
import ticketing.local.system.ApplicationProcess;
import ticketing.local.system.LocalSystem;

/// Starts and stops worker processes by the [ScalingPolicy]. The decision rate of a worker is
/// measured while there is a backlog. An initial rate applies until then.
public final class Autoscaler {

  private static final Duration PERIOD = Duration.ofSeconds(1);

  /// Weight of the newest sample in the moving average.
  private static final double NEWEST_WEIGHT = 0.3;

  private final LocalSystem system;
  private final ScalingPolicy.Bounds bounds;
  private final ScalingPolicy policy;
  private final Consumer<String> progress;
  private final Clock clock = Clock.systemUTC();
  private double rate;

  /// @param initialRate decisions per second of one worker, until the rate is measured.
  /// @param progress receives a line for each change.
  public Autoscaler(
      LocalSystem system,
      ScalingPolicy.Bounds bounds,
      double initialRate,
      Consumer<String> progress) {
    this.system = system;
    this.bounds = bounds;
    this.policy = new ScalingPolicy(bounds);
    this.rate = initialRate;
    this.progress = progress;
  }

  /// Scales until the thread is interrupted.
  public void run() throws InterruptedException {
    Sample before = null;
    while (true) {
      TimeUnit.NANOSECONDS.sleep(PERIOD.toNanos());
      Sample now = sample();
      updateRate(before, now);
      before = now;
      if (now != null) {
        OptionalInt required = policy.decide(clock.instant(), now.workers(), now.backlog(), rate);
        if (required.isPresent()) {
          scaleTo(now, required.getAsInt());
          // The next rate needs two samples of the same workers.
          before = null;
        }
      }
    }
  }

  /// @param backlog visible commands
  private record Sample(long nanos, int workers, long backlog, double decided) {}

  /// Null without a response from the queue or a worker. Then the number of workers is kept.
  private Sample sample() {
    try {
      double decided = 0;
      List<ApplicationProcess> workers = system.workers();
      for (ApplicationProcess worker : workers) {
        decided += worker.metric("ticketing_decisions_total");
      }
      long backlog = system.servers().queue().visible(LocalServers.QUEUE);
      return new Sample(System.nanoTime(), workers.size(), backlog, decided);
    } catch (ServerException e) {
      return null;
    }
  }

  /// Updates the rate if there was a backlog at both samples. Idle workers would distort it.
  private void updateRate(Sample before, Sample now) {
    if (before == null || now == null || before.backlog() == 0 || now.backlog() == 0) {
      return;
    }
    double seconds = (now.nanos() - before.nanos()) / 1e9;
    double measured = (now.decided() - before.decided()) / seconds / now.workers();
    if (measured > 0) {
      rate += NEWEST_WEIGHT * (measured - rate);
    }
  }

  private void scaleTo(Sample now, int required) {
    progress.accept(
        "backlog %,d, %,.0f decisions per second and worker, latency target %d s: %d -> %d workers"
            .formatted(now.backlog(), rate, bounds.latency().toSeconds(), now.workers(), required));
    if (required > now.workers()) {
      system.addWorkers(required - now.workers());
    } else {
      system.removeWorker();
    }
  }
}
