package ticketing.ingress.database;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Highest id of a table with ascending ids. A greater id belongs to no row, so it needs no query.
///
/// The highest id is read again for a greater id, at most 5 times in a burst and twice a second.
/// Within such a rush, a new row of another process is unknown for at most a second.
public final class HighestId {

  private static final int MAX_READS = 5;
  private static final long NANOS_PER_READ = Duration.ofMillis(500).toNanos();

  private final Supplier<@Nullable Long> query;
  private final AtomicLong known = new AtomicLong();
  private long availableReads = MAX_READS;
  private long refilledAt = System.nanoTime();

  /// @param query returns the highest id, null for an empty table
  public HighestId(Supplier<@Nullable Long> query) {
    this.query = query;
  }

  /// False if no row has this id. Concurrent calls share a query.
  public boolean mayExist(long id) {
    if (id <= 0) {
      return false;
    }
    return id <= known.get() || readAgain(id);
  }

  private synchronized boolean readAgain(long id) {
    if (id > known.get() && acquireRead()) {
      Long highest = query.get();
      if (highest != null) {
        raise(highest);
      }
    }
    return id <= known.get();
  }

  private boolean acquireRead() {
    long now = System.nanoTime();
    long added = (now - refilledAt) / NANOS_PER_READ;
    availableReads = Math.min(MAX_READS, availableReads + added);
    refilledAt += added * NANOS_PER_READ;
    if (availableReads == 0) {
      return false;
    }
    availableReads--;
    return true;
  }

  /// Records an existing id.
  public void raise(long id) {
    known.accumulateAndGet(id, Math::max);
  }
}
