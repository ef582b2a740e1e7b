package ticketing.ingress.cache;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import org.springframework.stereotype.Component;

/// Hits and misses of the caches in Redis.
@Component
public class CacheMetrics {

  private final MeterRegistry registry;

  CacheMetrics(MeterRegistry registry) {
    this.registry = registry;
    for (CachedKind kind : CachedKind.values()) {
      reads(kind, true);
      reads(kind, false);
    }
  }

  public void countRead(CachedKind kind, boolean hit) {
    reads(kind, hit).increment();
  }

  private Counter reads(CachedKind kind, boolean hit) {
    return Counter.builder("ticketing.cache")
        .description("Reads of the caches in Redis")
        .baseUnit("reads")
        .tag("kind", kind.name().toLowerCase(Locale.ROOT))
        .tag("result", hit ? "hit" : "miss")
        .register(registry);
  }
}
