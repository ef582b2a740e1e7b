package ticketing.ingress.ratelimit;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import org.springframework.stereotype.Component;

/// Requests that the rate limits refuse.
@Component
class RateLimitMetrics {

  /// Owner of a rate limit.
  enum Sender {
    USER,
    ADDRESS
  }

  private final MeterRegistry registry;

  RateLimitMetrics(MeterRegistry registry) {
    this.registry = registry;
    for (Sender sender : Sender.values()) {
      limited(sender);
    }
  }

  void countRefusal(Sender sender) {
    limited(sender).increment();
  }

  private Counter limited(Sender sender) {
    return Counter.builder("ticketing.rate.limited")
        .description("Requests refused because their sender exceeds its rate")
        .baseUnit("requests")
        .tag("sender", sender.name().toLowerCase(Locale.ROOT))
        .register(registry);
  }
}
