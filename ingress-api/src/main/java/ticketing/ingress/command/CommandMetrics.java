package ticketing.ingress.command;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Locale;
import org.springframework.stereotype.Component;
import ticketing.domain.Action;
import ticketing.ingress.command.CommandRevoker.Revocation;

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

  private static final String REVOKED = "revoked";
  private static final String DECIDED = "decided";
  private static final String UNKNOWN = "unknown";
  private static final List<String> REVOCATIONS = List.of(REVOKED, DECIDED, UNKNOWN);

  private final MeterRegistry registry;

  CommandMetrics(MeterRegistry registry) {
    this.registry = registry;
    for (Action action : Action.values()) {
      for (Acceptance result : Acceptance.values()) {
        accepts(action, result);
      }
    }
    for (String result : REVOCATIONS) {
      revocations(result);
    }
  }

  void countAcceptance(Action action, Acceptance result) {
    accepts(action, result).increment();
  }

  void countRevocation(Revocation revocation) {
    revocations(
            switch (revocation) {
              case Revocation.Revoked _ -> REVOKED;
              case Revocation.Decided _ -> DECIDED;
              case Revocation.Unknown _ -> UNKNOWN;
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

  private Counter revocations(String result) {
    return Counter.builder("ticketing.revocations")
        .description("Revocations of commands in doubt")
        .tag("result", result)
        .register(registry);
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
