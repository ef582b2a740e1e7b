package ticketing.ingress.ratelimit;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import org.springframework.stereotype.Component;

/// Meter of the requests that a rate limit rejects.
@Component
class RateLimitMetrics {

  /// Kind of sender that a rate limit applies to.
  enum Sender {
    USER,
    ADDRESS,
    ACCOUNT
  }

  private final MeterRegistry registry;

  RateLimitMetrics(MeterRegistry registry) {
    this.registry = registry;
    for (Sender sender : Sender.values()) {
      limited(sender);
    }
  }

  void countRejection(Sender sender) {
    limited(sender).increment();
  }

  private Counter limited(Sender sender) {
    return Counter.builder("ticketing.rate.limited")
        .description("Requests rejected by a rate limit")
        .baseUnit("requests")
        .tag("sender", sender.name().toLowerCase(Locale.ROOT))
        .register(registry);
  }
}
