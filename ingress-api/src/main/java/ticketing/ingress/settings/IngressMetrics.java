package ticketing.ingress.settings;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import java.util.function.Supplier;
import org.springframework.stereotype.Component;
import ticketing.domain.Action;
import ticketing.ingress.command.CommandRevoker;

/// What ingress counts. All tags have few values, known beforehand: never an event, a user, an
/// address or a ticket.
@Component
public class IngressMetrics {

  /// What became of a request for a ticket.
  public enum Acceptance {
    /// Queued under a new ticket.
    ACCEPTED,
    /// The ticket of an earlier request with the same `Idempotency-Key`.
    REPEATED,
    /// The queue did not take it.
    REFUSED,
    /// Its key belongs to another request.
    MISUSED
  }

  /// How the withdrawal of a command ended.
  public enum Withdrawal {
    WITHDRAWN,
    /// The queue had it, and it was decided already.
    DECIDED,
    /// The database did not answer either.
    UNKNOWN
  }

  /// What a copy in Redis is of.
  public enum Copy {
    EVENT,
    USER,
    RESERVATION;

    /// @param kind first part of its key
    public static Copy of(String kind) {
      return valueOf(kind.toUpperCase(Locale.ROOT));
    }
  }

  /// Who has sent more than his share.
  public enum Share {
    USER,
    ADDRESS
  }

  private final MeterRegistry registry;

  IngressMetrics(MeterRegistry registry) {
    this.registry = registry;
    // All of them exist from the start, so that the first one of a kind is an increase too.
    for (Action action : Action.values()) {
      for (Acceptance result : Acceptance.values()) {
        accepts(action, result);
      }
    }
    for (Withdrawal result : Withdrawal.values()) {
      withdrawals(result);
    }
    for (Copy kind : Copy.values()) {
      cache(kind, true);
      cache(kind, false);
    }
    for (Share share : Share.values()) {
      limited(share);
    }
  }

  public void accepted(Action action, Acceptance result) {
    accepts(action, result).increment();
  }

  public void withdrew(CommandRevoker.Outcome outcome) {
    withdrawals(
            switch (outcome) {
              case CommandRevoker.Outcome.Withdrawn withdrawn -> Withdrawal.WITHDRAWN;
              case CommandRevoker.Outcome.Decided decided -> Withdrawal.DECIDED;
              case CommandRevoker.Outcome.Unknown unknown -> Withdrawal.UNKNOWN;
            })
        .increment();
  }

  public void looked(Copy kind, boolean found) {
    cache(kind, found).increment();
  }

  public void refused(Share share) {
    limited(share).increment();
  }

  /// @param unit what is counted, unless the name says so; null: none
  /// @param value read whenever somebody asks; NaN if unknown
  public void watch(String name, String unit, String description, Supplier<Number> value) {
    Gauge.builder(name, value).description(description).baseUnit(unit).register(registry);
  }

  private Counter accepts(Action action, Acceptance result) {
    return Counter.builder("ticketing.accepts")
        .description("Requests for a ticket")
        .tag("action", lower(action))
        .tag("result", lower(result))
        .register(registry);
  }

  private Counter withdrawals(Withdrawal result) {
    return Counter.builder("ticketing.withdrawals")
        .description("Commands in doubt that were to be taken back")
        .tag("result", lower(result))
        .register(registry);
  }

  private Counter cache(Copy kind, boolean found) {
    return Counter.builder("ticketing.cache")
        .description("Looks for a copy in Redis")
        .baseUnit("reads")
        .tag("kind", lower(kind))
        .tag("result", found ? "hit" : "miss")
        .register(registry);
  }

  private Counter limited(Share share) {
    return Counter.builder("ticketing.rate.limited")
        .description("Requests refused because their sender has sent too many")
        .baseUnit("requests")
        .tag("sender", lower(share))
        .register(registry);
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
