package ticketing.worker.pipeline;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/// Part of liveness: down if a poller ended, or if a receive call, a transaction or a publication
/// takes longer than its bound. An unavailable server does not turn it down.
@Component
class PipelineHealthIndicator implements HealthIndicator {

  private final CommandListener listener;

  PipelineHealthIndicator(CommandListener listener) {
    this.listener = listener;
  }

  @Override
  public Health health() {
    return listener
        .findFailure()
        .map(failure -> Health.down().withDetail("failure", failure).build())
        .orElseGet(() -> Health.up().build());
  }
}
