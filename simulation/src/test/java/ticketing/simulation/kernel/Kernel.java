package ticketing.simulation.kernel;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;

/// Scheduler of one simulation. One seed determines the order of all steps, all latencies and the
/// time. It runs on the thread that calls [#run]; no step runs concurrently with another one.
public final class Kernel {

  /// Time of the simulation at its start.
  public static final Instant START = Instant.parse("2026-12-24T10:00:00Z");

  private static final int MAX_STEPS = 2_000_000;

  private record Step(SimulatedProcess process, Runnable task) {}

  private final SplittableRandom random;
  private final EventLog log;
  private final List<Step> ready = new ArrayList<>();
  private final Queue<Step> incoming = new ConcurrentLinkedQueue<>(); // the JVM may add to it
  private final PriorityQueue<Timer> timers = new PriorityQueue<>();
  private final List<Throwable> failures = new ArrayList<>();
  private long now;
  private long timerNumbers;
  private int steps;

  public Kernel(long seed, boolean keepLog) {
    this.random = new SplittableRandom(seed);
    this.log = new EventLog(this::now, keepLog);
  }

  /// Task at a time. Timers of the same time run in the order of their creation.
  public final class Timer implements Comparable<Timer> {
    private final long at;
    private final long number = timerNumbers++;
    private final SimulatedProcess process;
    private Runnable task;

    private Timer(long at, SimulatedProcess process, Runnable task) {
      this.at = at;
      this.process = process;
      this.task = task;
    }

    public void cancel() {
      task = null;
    }

    @Override
    public int compareTo(Timer other) {
      return at == other.at ? Long.compare(number, other.number) : Long.compare(at, other.at);
    }
  }

  /// Nanoseconds since the start.
  public long now() {
    return now;
  }

  public EventLog log() {
    return log;
  }

  public SplittableRandom random() {
    return random;
  }

  /// Returns true with a probability.
  public boolean chance(double probability) {
    return probability > 0 && random.nextDouble() < probability;
  }

  /// Runs a task later. It must not block.
  public Timer schedule(long delayNanos, Runnable task) {
    return schedule(null, delayNanos, task);
  }

  /// As [#schedule(long, Runnable)], unless the process ends first.
  Timer schedule(SimulatedProcess process, long delayNanos, Runnable task) {
    Timer timer = new Timer(now + Math.max(0, delayNanos), process, task);
    timers.add(timer);
    return timer;
  }

  /// Records the exception that ended a thread.
  void recordFailure(Throwable failure) {
    failures.add(failure);
  }

  /// Exceptions that ended a thread.
  public List<Throwable> failures() {
    return failures;
  }

  void execute(SimulatedProcess process, Runnable task) {
    incoming.add(new Step(process, task));
  }

  private boolean isReady() {
    for (Step step = incoming.poll(); step != null; step = incoming.poll()) {
      ready.add(step);
    }
    return !ready.isEmpty();
  }

  /// Runs steps until the condition is true, no step remains or the time is over.
  ///
  /// @param until nanoseconds since the start
  public void run(BooleanSupplier done, long until) {
    while (true) {
      while (isReady()) {
        int index = ready.size() == 1 ? 0 : random.nextInt(ready.size());
        Step step = ready.get(index);
        ready.set(index, ready.getLast());
        ready.removeLast();
        if (step.process().isAlive()) {
          if (++steps > MAX_STEPS) {
            throw new IllegalStateException("the simulation does not end");
          }
          step.task().run();
        }
      }
      Timer next = timers.peek();
      if (done.getAsBoolean() || next == null || next.at > until) {
        return;
      }
      timers.remove();
      if (next.task != null && (next.process == null || next.process.isAlive())) {
        now = next.at;
        next.task.run();
      }
    }
  }
}
