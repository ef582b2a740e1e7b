package ticketing.simulation.kernel;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/// Process of a simulation: a set of virtual threads and a clock. A crash drops its threads between
/// two of their steps, and all of its memory.
public final class SimulatedProcess {

  private static final MethodHandle BUILDER = builder();
  private static final InheritableThreadLocal<SimulatedProcess> CURRENT =
      new InheritableThreadLocal<>();

  private final Kernel kernel;
  private final String name;
  private final Executor scheduler;
  private final List<Runnable> exitActions = new ArrayList<>();
  private final Map<Object, List<Thread>> monitorWaiters = new IdentityHashMap<>();
  private boolean alive = true;
  private Duration skew = Duration.ZERO;

  public SimulatedProcess(Kernel kernel, String name) {
    this.kernel = kernel;
    this.name = name;
    this.scheduler = task -> kernel.execute(this, task);
  }

  private static MethodHandle builder() {
    try {
      Class<?> type = Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder");
      return MethodHandles.privateLookupIn(type, MethodHandles.lookup())
          .findConstructor(type, MethodType.methodType(void.class, Executor.class))
          .asType(MethodType.methodType(Thread.Builder.OfVirtual.class, Executor.class));
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /// Returns the process of the current thread.
  static SimulatedProcess current() {
    SimulatedProcess process = CURRENT.get();
    if (process == null) {
      throw new IllegalStateException("no simulated thread: " + Thread.currentThread());
    }
    return process;
  }

  Kernel kernel() {
    return kernel;
  }

  public String name() {
    return name;
  }

  public boolean isAlive() {
    return alive;
  }

  /// Moves the clock of this process.
  ///
  /// @param skew positive: ahead of the simulated time
  public void setSkew(Duration skew) {
    this.skew = skew;
  }

  Instant time() {
    return Kernel.START.plusNanos(kernel.now()).plus(skew);
  }

  /// Clock of this process.
  public Clock clock() {
    return new Clock() {
      @Override
      public Instant instant() {
        return time();
      }

      @Override
      public ZoneId getZone() {
        return ZoneOffset.UTC;
      }

      @Override
      public Clock withZone(ZoneId zone) {
        throw new UnsupportedOperationException("times are UTC");
      }
    };
  }

  Thread.Builder.OfVirtual threads() {
    try {
      return ((Thread.Builder.OfVirtual) BUILDER.invokeExact(scheduler))
          .uncaughtExceptionHandler((thread, failure) -> kernel.recordFailure(failure));
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /// Threads that are blocked on a monitor.
  List<Thread> waiters(Object monitor) {
    return monitorWaiters.computeIfAbsent(monitor, unused -> new ArrayList<>());
  }

  /// Starts a thread of this process.
  public void start(String threadName, Runnable work) {
    threads()
        .name(threadName)
        .inheritInheritableThreadLocals(false)
        .start(() -> {
          CURRENT.set(this);
          work.run();
        });
  }

  /// Starts a thread of this process after a time.
  public void startAfter(long delayNanos, String threadName, Runnable work) {
    kernel.schedule(this, delayNanos, () -> start(threadName, work));
  }

  /// Fails a call of a server after a time.
  public void failAfter(
      long delayNanos, String threadName, CompletableFuture<?> call, RuntimeException failure) {
    startAfter(delayNanos, threadName, () -> call.completeExceptionally(failure));
  }

  /// Adds an action for the end of this process. A server closes the connection.
  public void onExit(Runnable action) {
    exitActions.add(action);
  }

  /// Ends this process without any further step.
  public void crash() {
    if (alive) {
      alive = false;
      kernel.log().add(name, "crash");
      exitActions.forEach(Runnable::run);
    }
  }

  /// Operation of a server. It answers by a call of the consumer, immediately or later.
  public interface Operation<T> {
    void execute(Consumer<T> answer);
  }

  /// Blocks the current thread during a call of a server.
  ///
  /// @param latencies simulated nanoseconds of the request and of the answer
  public <T> T call(long[] latencies, Operation<T> operation) {
    Thread caller = Thread.currentThread();
    Object[] result = new Object[1];
    boolean[] done = new boolean[1];
    kernel.schedule(
        latencies[0],
        () ->
            operation.execute(value -> {
              result[0] = value;
              kernel.schedule(
                  this,
                  latencies[1],
                  () -> {
                    done[0] = true;
                    LockSupport.unpark(caller);
                  });
            }));
    boolean interrupted = false;
    while (!done[0]) {
      LockSupport.park();
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      caller.interrupt();
    }
    @SuppressWarnings("unchecked")
    T value = (T) result[0];
    return value;
  }
}
