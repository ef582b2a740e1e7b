package ticketing.ingress.ticket;

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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import ticketing.domain.Json;
import ticketing.domain.Ticket;
import ticketing.redis.RedisSubscription;
import ticketing.status.StatusStore;
import tools.jackson.core.JacksonException;

/// Receives published decisions, passes them to the observers and completes blocked reads.
///
/// Decisions published while Redis is disconnected are not received. Therefore a blocked read reads
/// its ticket again after each reconnect, and every three seconds.
@Component
class DecisionListener implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(DecisionListener.class);

  private static final int MAX_BLOCKED_READS = 100;
  private static final Duration REREAD_INTERVAL = Duration.ofSeconds(3);

  private final StatusStore statusStore;
  private final List<DecisionObserver> observers;
  private final Clock clock;
  private final Semaphore permits = new Semaphore(MAX_BLOCKED_READS);

  /// Blocked reads of each ticket. A read completes with the decision, or empty to read again.
  private final ConcurrentHashMap<UUID, Set<CompletableFuture<Optional<Ticket>>>> polls =
      new ConcurrentHashMap<>();

  private volatile RedisSubscription subscription;

  DecisionListener(StatusStore statusStore, List<DecisionObserver> observers, Clock clock) {
    this.statusStore = statusStore;
    this.observers = observers;
    this.clock = clock;
  }

  /// Blocks until a read returns anything but a pending ticket, or a decision is published, at most
  /// for the timeout.
  ///
  /// @param read returns the current state of the ticket
  /// @return empty if too many reads are blocked
  Optional<TicketLookup> awaitFinal(UUID ticketId, Duration timeout, Supplier<TicketLookup> read) {
    if (!permits.tryAcquire()) {
      return Optional.empty();
    }
    try {
      Instant end = clock.instant().plus(timeout);
      while (true) {
        CompletableFuture<Optional<Ticket>> poll = new CompletableFuture<>();
        // Registered before the read: a decision is either read or received.
        register(ticketId, poll);
        try {
          TicketLookup current = read.get();
          Duration left = Duration.between(clock.instant(), end);
          if (!isPending(current) || !left.isPositive()) {
            return Optional.of(current);
          }
          Optional<Ticket> decided = receive(poll, left);
          if (decided.isPresent()) {
            return decided.map(TicketLookup.Found::new);
          }
        } finally {
          unregister(ticketId, poll);
        }
      }
    } finally {
      permits.release();
    }
  }

  private static boolean isPending(TicketLookup lookup) {
    return lookup instanceof TicketLookup.Found(Ticket ticket) && !ticket.status().isFinal();
  }

  private static Optional<Ticket> receive(CompletableFuture<Optional<Ticket>> poll, Duration left) {
    long millis = Math.clamp(left.toMillis(), 1, REREAD_INTERVAL.toMillis());
    try {
      return poll.get(millis, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return Optional.empty();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private void register(UUID ticketId, CompletableFuture<Optional<Ticket>> poll) {
    polls.compute(
        ticketId,
        (id, known) -> {
          Set<CompletableFuture<Optional<Ticket>>> all =
              known == null ? ConcurrentHashMap.newKeySet() : known;
          all.add(poll);
          return all;
        });
  }

  private void unregister(UUID ticketId, CompletableFuture<Optional<Ticket>> poll) {
    polls.computeIfPresent(
        ticketId,
        (id, known) -> {
          known.remove(poll);
          return known.isEmpty() ? null : known;
        });
  }

  private void received(StatusStore.PublishedDecision decision) {
    Ticket ticket;
    try {
      ticket = Json.INTERNAL.readValue(decision.json(), Ticket.class);
    } catch (JacksonException e) {
      log.warn("published decision is unreadable, cause={}", e.getClass().getSimpleName());
      return;
    }
    observers.forEach(observer -> observer.decided(ticket));
    Set<CompletableFuture<Optional<Ticket>>> known = polls.get(decision.ticketId());
    if (known != null) {
      known.forEach(poll -> poll.complete(Optional.of(ticket)));
    }
  }

  private void rereadAll() {
    observers.forEach(DecisionObserver::resubscribed);
    polls.values().forEach(known -> known.forEach(poll -> poll.complete(Optional.empty())));
  }

  @Override
  public void start() {
    subscription =
        RedisSubscription.start(
            "tickets", () -> statusStore.subscribe(this::received, this::rereadAll));
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
