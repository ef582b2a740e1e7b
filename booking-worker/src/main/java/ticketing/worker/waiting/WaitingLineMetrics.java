package ticketing.worker.waiting;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.springframework.stereotype.Component;

/// Meters of the waiting lines.
@Component
class WaitingLineMetrics {

  /// Reason for the removal of an entry.
  enum Cause {
    /// Its ingress process crashed.
    ABANDONED,
    /// Its decision was not published.
    DECIDED,
    REVOKED,
    /// The queue has no command for it.
    EXPIRED
  }

  private final Map<Cause, Counter> removed = new EnumMap<>(Cause.class);

  WaitingLineMetrics(MeterRegistry registry) {
    for (Cause cause : Cause.values()) {
      removed.put(
          cause,
          Counter.builder("ticketing.waiting.line.removed")
              .description("Entries that a check removed from the waiting lines")
              .baseUnit("entries")
              .tag("cause", cause.name().toLowerCase(Locale.ROOT))
              .register(registry));
    }
  }

  void recordRemoved(Cause cause, int entries) {
    removed.get(cause).increment(entries);
  }
}
