package ticketing.ingress.ticket;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import ticketing.domain.Json;
import ticketing.domain.Ticket;
import ticketing.ingress.http.HttpSettings;
import ticketing.redis.RedisSubscription;
import ticketing.status.StatusStore;

/// Hears what is decided and wakes the requests that wait for it.
///
/// Announcements can be missed while the connection to Redis is down. So a waiting request also
/// looks for itself when the connection is back, and now and then in any case.
@Component
public class DecisionListener implements SmartLifecycle {

  private static final Duration LOOK_AGAIN = Duration.ofSeconds(3);

  private final StatusStore board;
  private final BoardGaps gaps;
  private final List<DecisionObserver> observers;
  private final Clock clock;
  private final Semaphore waiters;
  private final ConcurrentHashMap<UUID, Set<CompletableFuture<Optional<Ticket>>>> waiting =
      new ConcurrentHashMap<>();

  private volatile RedisSubscription subscription;

  DecisionListener(
      StatusStore board,
      BoardGaps gaps,
      List<DecisionObserver> observers,
      Clock clock,
      TicketSettings settings,
      HttpSettings http,
      MeterRegistry registry) {
    this.board = board;
    this.gaps = gaps;
    this.observers = observers;
    this.clock = clock;
    int most = settings.maxLongPolls();
    if (most >= http.maxConcurrentRequests()) {
      throw new IllegalArgumentException(
          "ticketing.tickets.max-long-polls=%d must be less than ticketing.http.max-concurrent-requests=%d"
              .formatted(most, http.maxConcurrentRequests()));
    }
    this.waiters = new Semaphore(most);
    Gauge.builder("ticketing.waiters", () -> most - waiters.availablePermits())
        .description("Requests that wait for a decision")
        .register(registry);
  }

  /// Waits for a ticket's final state, at most this long.
  ///
  /// @param look reads the ticket's present state
  /// @return empty if too many wait already
  Optional<Ticket> await(UUID ticketId, Duration atMost, Supplier<Ticket> look) {
    if (!waiters.tryAcquire()) {
      return Optional.empty();
    }
    try {
      Instant end = clock.instant().plus(atMost);
      while (true) {
        CompletableFuture<Optional<Ticket>> call = new CompletableFuture<>();
        // Listen first, then look: so nothing falls between the two.
        register(ticketId, call);
        try {
          Ticket ticket = look.get();
          Duration left = Duration.between(clock.instant(), end);
          if (ticket.status().isFinal() || !left.isPositive()) {
            return Optional.of(ticket);
          }
          Optional<Ticket> announced = heard(call, left);
          if (announced.isPresent()) {
            return announced;
          }
        } finally {
          unregister(ticketId, call);
        }
      }
    } finally {
      waiters.release();
    }
  }

  private static Optional<Ticket> heard(CompletableFuture<Optional<Ticket>> call, Duration left) {
    long millis = Math.clamp(left.toMillis(), 1, LOOK_AGAIN.toMillis());
    try {
      return call.get(millis, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return Optional.empty();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private void register(UUID ticketId, CompletableFuture<Optional<Ticket>> call) {
    waiting.compute(
        ticketId,
        (id, calls) -> {
          Set<CompletableFuture<Optional<Ticket>>> all =
              calls == null ? ConcurrentHashMap.newKeySet() : calls;
          all.add(call);
          return all;
        });
  }

  private void unregister(UUID ticketId, CompletableFuture<Optional<Ticket>> call) {
    waiting.computeIfPresent(
        ticketId,
        (id, calls) -> {
          calls.remove(call);
          return calls.isEmpty() ? null : calls;
        });
  }

  /// Whether a request waits for this ticket.
  boolean isAwaited(UUID ticketId) {
    return waiting.containsKey(ticketId);
  }

  private void announced(StatusStore.PublishedDecision decision) {
    Ticket ticket = Json.INTERNAL.readValue(decision.json(), Ticket.class);
    observers.forEach(observer -> observer.decided(ticket));
    Set<CompletableFuture<Optional<Ticket>>> calls = waiting.get(decision.ticketId());
    if (calls != null) {
      calls.forEach(call -> call.complete(Optional.of(ticket)));
    }
  }

  private void lookAgain() {
    gaps.reconnected();
    waiting.values().forEach(calls -> calls.forEach(call -> call.complete(Optional.empty())));
  }

  @Override
  public void start() {
    subscription =
        RedisSubscription.start("tickets", () -> board.subscribe(this::announced, this::lookAgain));
  }

  @Override
  public void stop() {
    subscription.close();
    subscription = null;
  }

  @Override
  public boolean isRunning() {
    return subscription != null;
  }
}
