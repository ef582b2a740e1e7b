package ticketing.ingress.database;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Highest id of a table with ascending ids. A greater id belongs to no row, so it needs no query.
///
/// The highest id is read for a greater id, at most ten times a second; concurrent callers share a
/// read that starts after their calls. So a new row is found in any case, after at most 100 ms and
/// two queries. An id that is greater by more than a million gets no read of its own.
public final class HighestId {

  private static final long NANOS_PER_READ = Duration.ofMillis(100).toNanos();

  /// Time in which a table grows by far fewer rows than [#MAX_GROWTH].
  private static final long MAX_AGE_NANOS = Duration.ofSeconds(10).toNanos();

  private static final long MAX_GROWTH = 1_000_000; // rows

  private final Supplier<@Nullable Long> query;
  private final AtomicLong known = new AtomicLong();
  private @Nullable Long lastReadNanos; // start of the last read; guarded by this

  /// @param query returns the highest id, null for an empty table
  public HighestId(Supplier<@Nullable Long> query) {
    this.query = query;
  }

  /// False if no row has this id.
  public boolean mayExist(long id) {
    if (id <= 0) {
      return false;
    }
    return id <= known.get() || readAgain(id, System.nanoTime());
  }

  private synchronized boolean readAgain(long id, long calledNanos) {
    if (id <= known.get()) {
      return true;
    }
    if (lastReadNanos != null) {
      long age = System.nanoTime() - lastReadNanos;
      boolean readSinceCall = lastReadNanos - calledNanos >= 0;
      boolean outOfReach = id - known.get() > MAX_GROWTH && age < MAX_AGE_NANOS;
      if (readSinceCall || outOfReach) {
        return false;
      }
      if (age < NANOS_PER_READ) {
        LockSupport.parkNanos(NANOS_PER_READ - age);
      }
    }
    long started = System.nanoTime();
    Long highest = query.get();
    lastReadNanos = started;
    if (highest != null) {
      raise(highest);
    }
    return id <= known.get();
  }

  /// Records an existing id.
  public void raise(long id) {
    known.accumulateAndGet(id, Math::max);
  }
}
