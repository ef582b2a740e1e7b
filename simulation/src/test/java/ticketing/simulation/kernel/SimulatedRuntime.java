package ticketing.simulation.kernel;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.AbstractSet;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;

/// Replacements of the methods of the JDK that read the time, block for a time, start threads or
/// return random values. The class loader of the simulation redirects the calls of the production
/// code to them.
public final class SimulatedRuntime {

  private static final long SECONDS_OF_MINUTE = 20;

  private SimulatedRuntime() {}

  private static SimulatedProcess process() {
    return SimulatedProcess.current();
  }

  public static long nanoTime() {
    return process().kernel().now();
  }

  public static long currentTimeMillis() {
    return process().time().toEpochMilli();
  }

  public static Instant now() {
    return process().time();
  }

  /// Clock of the process of the current thread.
  public static Clock systemUTC() {
    return CLOCK;
  }

  public static Clock systemDefaultZone() {
    return CLOCK;
  }

  private static final Clock CLOCK =
      new Clock() {
        @Override
        public Instant instant() {
          return now();
        }

        @Override
        public ZoneId getZone() {
          return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
          return this;
        }
      };

  public static Thread.Builder.OfVirtual ofVirtual() {
    return process().threads();
  }

  public static Thread startVirtualThread(Runnable work) {
    return ofVirtual().start(work);
  }

  public static ExecutorService newVirtualThreadPerTaskExecutor() {
    return Executors.newThreadPerTaskExecutor(ofVirtual().factory());
  }

  public static ScheduledExecutorService newScheduledThreadPool(int threads, ThreadFactory names) {
    return new SimulatedScheduler(process());
  }

  public static ScheduledExecutorService newSingleThreadScheduledExecutor(ThreadFactory names) {
    return new SimulatedScheduler(process());
  }

  /// Minutes of holds and offers, which the production code can only express in minutes, are short:
  /// a run consists mostly of their time.
  public static Duration ofMinutes(long minutes) {
    return Duration.ofSeconds(minutes * SECONDS_OF_MINUTE);
  }

  public static UUID randomUUID() {
    var random = process().kernel().random();
    return new UUID(
        random.nextLong() & ~0xf000L | 0x4000L,
        random.nextLong() & Long.MAX_VALUE >>> 1 | Long.MIN_VALUE);
  }

  public static double nextDouble(ThreadLocalRandom unused) {
    return process().kernel().random().nextDouble();
  }

  public static long nextLong(ThreadLocalRandom unused) {
    return process().kernel().random().nextLong();
  }

  public static void shuffle(List<?> list) {
    Collections.shuffle(list, new Random(process().kernel().random().nextLong()));
  }

  public static void halt(Runtime unused, int exitCode) {
    process().crash();
  }

  public static void sleep(TimeUnit unit, long time) throws InterruptedException {
    sleepNanos(unit.toNanos(time));
  }

  public static void sleep(long millis) throws InterruptedException {
    sleepNanos(TimeUnit.MILLISECONDS.toNanos(millis));
  }

  public static void sleep(Duration time) throws InterruptedException {
    sleepNanos(time.toNanos());
  }

  private static void sleepNanos(long nanos) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    if (nanos <= 0) {
      return;
    }
    SimulatedProcess process = process();
    Thread thread = Thread.currentThread();
    boolean[] over = new boolean[1];
    Kernel.Timer timer =
        process
            .kernel()
            .schedule(
                process,
                nanos,
                () -> {
                  over[0] = true;
                  LockSupport.unpark(thread);
                });
    while (!over[0]) {
      LockSupport.park();
      if (Thread.interrupted()) {
        timer.cancel();
        throw new InterruptedException();
      }
    }
  }

  private interface Blocking<T> {
    T run() throws InterruptedException, ExecutionException;
  }

  /// Ends a blocking call after a time by an interrupt.
  ///
  /// @return the result of the call, or the other result after the time
  private static <T> T within(long nanos, T otherwise, Blocking<T> call)
      throws InterruptedException, ExecutionException {
    if (nanos <= 0) {
      return otherwise;
    }
    if (nanos > Duration.ofDays(1).toNanos()) {
      return call.run();
    }
    SimulatedProcess process = process();
    Thread thread = Thread.currentThread();
    boolean[] over = new boolean[1];
    Kernel.Timer timer =
        process
            .kernel()
            .schedule(
                process,
                nanos,
                () -> {
                  over[0] = true;
                  thread.interrupt();
                });
    try {
      return call.run();
    } catch (InterruptedException e) {
      if (over[0]) {
        over[0] = false;
        return otherwise;
      }
      throw e;
    } finally {
      timer.cancel();
      if (over[0]) {
        Thread.interrupted(); // the call succeeded in the same step
      }
    }
  }

  private static <T> T withinUnfailing(long nanos, T otherwise, Blocking<T> call)
      throws InterruptedException {
    try {
      return within(nanos, otherwise, call);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  public static boolean tryAcquire(Semaphore semaphore, long time, TimeUnit unit)
      throws InterruptedException {
    return tryAcquire(semaphore, 1, time, unit);
  }

  public static boolean tryAcquire(Semaphore semaphore, int permits, long time, TimeUnit unit)
      throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    if (!semaphore.hasQueuedThreads() && semaphore.tryAcquire(permits)) {
      return true;
    }
    return withinUnfailing(
        unit.toNanos(time),
        false,
        () -> {
          semaphore.acquire(permits);
          return true;
        });
  }

  public static void wait(Object monitor) throws InterruptedException {
    List<Thread> waiters = process().waiters(monitor);
    Thread thread = Thread.currentThread();
    waiters.add(thread);
    while (waiters.contains(thread)) {
      LockSupport.park();
      if (Thread.interrupted()) {
        waiters.remove(thread);
        throw new InterruptedException();
      }
    }
  }

  public static void timedWait(TimeUnit unit, Object monitor, long time)
      throws InterruptedException {
    withinUnfailing(
        unit.toNanos(time),
        false,
        () -> {
          wait(monitor);
          return true;
        });
  }

  public static void notifyAll(Object monitor) {
    List<Thread> waiters = process().waiters(monitor);
    List<Thread> notified = List.copyOf(waiters);
    waiters.clear();
    notified.forEach(LockSupport::unpark);
  }

  public static long awaitNanos(Condition condition, long nanos) throws InterruptedException {
    long end = nanoTime() + nanos;
    withinUnfailing(
        nanos,
        false,
        () -> {
          condition.await();
          return true;
        });
    return end - nanoTime();
  }

  public static boolean join(Thread thread, Duration time) throws InterruptedException {
    return withinUnfailing(
        time.toNanos(),
        !thread.isAlive(),
        () -> {
          thread.join();
          return true;
        });
  }

  public static boolean awaitTermination(ExecutorService threads, long time, TimeUnit unit)
      throws InterruptedException {
    return withinUnfailing(
        unit.toNanos(time),
        threads.isTerminated(),
        () -> threads.awaitTermination(Long.MAX_VALUE, TimeUnit.NANOSECONDS));
  }

  private static final Object NO_RESULT = new Object();

  @SuppressWarnings("unchecked")
  public static <T> T get(Future<T> future, long time, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException {
    if (future.isDone()) {
      return future.get();
    }
    Object result = within(unit.toNanos(time), NO_RESULT, future::get);
    if (result == NO_RESULT) {
      throw new TimeoutException();
    }
    return (T) result;
  }

  public static <T> T get(CompletableFuture<T> future, long time, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException {
    return get((Future<T>) future, time, unit);
  }

  public static void nextBytes(SecureRandom unused, byte[] bytes) {
    process().kernel().random().nextBytes(bytes);
  }

  /// Set with the iteration order of its additions. An iteration is a snapshot.
  public static Set<Object> newKeySet() {
    return new OrderedSet();
  }

  private static final class OrderedSet extends AbstractSet<Object> {
    private final Set<Object> elements = new LinkedHashSet<>();

    @Override
    public boolean add(Object element) {
      return elements.add(element);
    }

    @Override
    public boolean remove(Object element) {
      return elements.remove(element);
    }

    @Override
    public boolean contains(Object element) {
      return elements.contains(element);
    }

    @Override
    public Iterator<Object> iterator() {
      Iterator<Object> snapshot = List.copyOf(elements).iterator();
      return new Iterator<>() {
        private Object last;

        @Override
        public boolean hasNext() {
          return snapshot.hasNext();
        }

        @Override
        public Object next() {
          last = snapshot.next();
          return last;
        }

        @Override
        public void remove() {
          elements.remove(last);
        }
      };
    }

    @Override
    public int size() {
      return elements.size();
    }
  }

  public static <T> CompletableFuture<T> orTimeout(
      CompletableFuture<T> future, long time, TimeUnit unit) {
    if (!future.isDone()) {
      SimulatedProcess process = process();
      Kernel.Timer timer =
          process
              .kernel()
              .schedule(
                  process,
                  unit.toNanos(time),
                  () ->
                      process.start(
                          "timeout", () -> future.completeExceptionally(new TimeoutException())));
      future.whenComplete((result, failure) -> timer.cancel());
    }
    return future;
  }
}
