package ticketing.ingress.command;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import org.springframework.stereotype.Component;
import ticketing.domain.Action;

/// Counters of accepted and revoked commands. All series exist from the start, so that the first
/// increment of each is visible.
@Component
class CommandMetrics {

  /// Result of a request for a ticket.
  enum Acceptance {
    /// Queued under a new ticket.
    ACCEPTED,
    /// The ticket of an earlier request with the same `Idempotency-Key`.
    REPEATED,
    /// The queue did not take it.
    REFUSED,
    /// Its key belongs to another request.
    MISUSED
  }

  private final MeterRegistry registry;

  CommandMetrics(MeterRegistry registry) {
    this.registry = registry;
    for (Action action : Action.values()) {
      for (Acceptance result : Acceptance.values()) {
        accepts(action, result);
      }
    }
    for (Revoked result : Revoked.values()) {
      revocations(result);
    }
  }

  private enum Revoked {
    WITHDRAWN,
    DECIDED,
    UNKNOWN
  }

  void countAcceptance(Action action, Acceptance result) {
    accepts(action, result).increment();
  }

  void countRevocation(CommandRevoker.Outcome outcome) {
    revocations(
            switch (outcome) {
              case CommandRevoker.Outcome.Withdrawn withdrawn -> Revoked.WITHDRAWN;
              case CommandRevoker.Outcome.Decided decided -> Revoked.DECIDED;
              case CommandRevoker.Outcome.Unknown unknown -> Revoked.UNKNOWN;
            })
        .increment();
  }

  private Counter accepts(Action action, Acceptance result) {
    return Counter.builder("ticketing.accepts")
        .description("Requests for a ticket")
        .tag("action", lower(action))
        .tag("result", lower(result))
        .register(registry);
  }

  private Counter revocations(Revoked result) {
    return Counter.builder("ticketing.withdrawals")
        .description("Commands in doubt that were to be revoked")
        .tag("result", lower(result))
        .register(registry);
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
