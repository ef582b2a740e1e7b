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

/// Starts and stops worker processes as the backlog asks for, by the [ScalingPolicy]. The rate of a
/// worker is measured while there is a backlog; until then an assumed one is taken.
public final class Autoscaler {

  private static final Duration PERIOD = Duration.ofSeconds(1);

  /// Weight of the newest measurement in the mean.
  private static final double NEWEST = 0.3;

  private final LocalSystem system;
  private final ScalingPolicy.Bounds bounds;
  private final ScalingPolicy policy;
  private final Consumer<String> progress;
  private final Clock clock = Clock.systemUTC();
  private double rate;

  /// @param assumedRate decisions per second of one worker, before any are measured
  /// @param progress told of every change
  public Autoscaler(
      LocalSystem system,
      ScalingPolicy.Bounds bounds,
      double assumedRate,
      Consumer<String> progress) {
    this.system = system;
    this.bounds = bounds;
    this.policy = new ScalingPolicy(bounds);
    this.rate = assumedRate;
    this.progress = progress;
  }

  /// Returns only by being interrupted.
  public void run() throws InterruptedException {
    Measurement before = null;
    while (true) {
      TimeUnit.NANOSECONDS.sleep(PERIOD.toNanos());
      Measurement now = measure();
      learn(before, now);
      before = now;
      if (now != null) {
        OptionalInt wanted = policy.decide(clock.instant(), now.workers(), now.waiting(), rate);
        if (wanted.isPresent()) {
          change(now, wanted.getAsInt());
          // Not all of them were there all along.
          before = null;
        }
      }
    }
  }

  /// @param waiting bookings
  private record Measurement(long nanos, int workers, long waiting, double decided) {}

  /// Null if the queue or a worker does not answer: nothing is changed blindly.
  private Measurement measure() {
    try {
      double decided = 0;
      double received = 0;
      List<ApplicationProcess> workers = system.workers();
      for (ApplicationProcess worker : workers) {
        decided += worker.metric("ticketing_decisions_total");
        received += worker.metric("ticketing_received_messages_total");
      }
      // The queue counts messages, and ingress-api may have packed several bookings into one.
      double bookings = received == 0 ? 1 : Math.max(1, decided / received);
      long waiting = Math.round(bookings * system.servers().queue().waiting(LocalServers.QUEUE));
      return new Measurement(System.nanoTime(), workers.size(), waiting, decided);
    } catch (ServerException e) {
      return null;
    }
  }

  /// Idle workers say nothing about the rate: only what lies between two looks at a backlog counts.
  private void learn(Measurement before, Measurement now) {
    if (before == null || now == null || before.waiting() == 0 || now.waiting() == 0) {
      return;
    }
    double seconds = (now.nanos() - before.nanos()) / 1e9;
    double measured = (now.decided() - before.decided()) / seconds / now.workers();
    if (measured > 0) {
      rate += NEWEST * (measured - rate);
    }
  }

  private void change(Measurement now, int wanted) {
    progress.accept(
        "%,d waiting, one worker decides %,.0f a second, %d s wanted: %d -> %d workers"
            .formatted(now.waiting(), rate, bounds.latency().toSeconds(), now.workers(), wanted));
    if (wanted > now.workers()) {
      system.addWorkers(wanted - now.workers());
    } else {
      system.removeWorker();
    }
  }
}
