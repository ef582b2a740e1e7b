package ticketing.notifier.ticket;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static ticketing.local.servers.schedule.Scenario.require;
import static ticketing.local.servers.schedule.Scenario.runConcurrently;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.jetbrains.lincheck.Lincheck;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import ticketing.domain.Command;
import ticketing.domain.Json;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.local.servers.schedule.MutantLoader;
import ticketing.status.StatusStore.PublishedDecision;
import ticketing.tracing.Traces;

/// Schedules of a subscription and of the decision of its ticket.
@Tag("schedules")
class TicketSubscriptionsScheduleTest {

  private static final int SCHEDULES = 50;

  @Test
  void finalStateIsSentOnce() {
    Lincheck.runConcurrentTest(SCHEDULES, new Decisions());
  }

  @Test
  void removedLockIsFound() {
    Runnable mutant =
        MutantLoader.withoutLocks(Subscription.class).newInstance(Runnable.class, Decisions.class);
    assertThatThrownBy(() -> Lincheck.runConcurrentTest(SCHEDULES, mutant))
        .isInstanceOf(LincheckAssertionError.class)
        .hasMessageContaining("final states");
  }

  /// One thread reads the ticket of a subscription; another one decides the ticket and publishes
  /// the decision.
  static final class Decisions implements Runnable {

    private final Ticket pending =
        Ticket.pending(new Command.BookSeats(new UUID(0, 1), "user", 1, "A", 1, Instant.EPOCH));
    private final Ticket decided = pending.rejected(Reason.SOLD_OUT, Instant.EPOCH);
    private final PublishedDecision published =
        new PublishedDecision(pending.ticketId(), null, Json.INTERNAL.writeValueAsString(decided));
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final TicketSubscriptions subscriptions =
        new TicketSubscriptions(
            null, null, null, Clock.systemUTC(), meters, new Traces(OpenTelemetry.noop()));

    @Override
    public void run() {
      AtomicReference<Ticket> stored = new AtomicReference<>(pending);
      List<String> sent = new ArrayList<>();
      Subscription subscription = subscribe(sent);
      runConcurrently(
          () -> {
            stored.set(decided);
            subscriptions.onPublished(published);
          },
          () -> subscription.onFound(stored.get()));
      int decisions = 0;
      for (String json : sent) {
        decisions += json.contains("REJECTED") ? 1 : 0;
      }
      require(decisions == 1, decisions + " final states were sent");
      require(sent.getLast().contains("REJECTED"), "a pending state was sent last");
      require(meters.get("ticketing.subscribed").gauge().value() == 0, "the subscription remains");
    }

    private Subscription subscribe(List<String> sent) {
      try {
        return subscriptions.subscribe(
            null,
            pending.ticketId(),
            new TicketObserver() {
              @Override
              public void onState(String json) {
                sent.add(json);
              }

              @Override
              public void onNotFound() {
                sent.add("not found");
              }
            },
            (ended, reason) -> {});
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
