package ticketing.ingress.ticket;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import ticketing.domain.Json;
import ticketing.domain.Ticket;
import ticketing.ingress.event.EventCatalog;
import ticketing.ingress.operations.SaleStatistics;
import ticketing.ingress.settings.IngressMetrics;
import ticketing.ingress.settings.IngressSettings;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.EventCache;
import ticketing.status.StatusStore;

/// Hears what is decided and wakes the requests that wait for it.
///
/// Announcements can be missed while the connection to Redis is down. So a waiting request also
/// looks for itself when the connection is back, and now and then in any case.
@Component
public class DecisionListener implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(DecisionListener.class);

  private static final Duration LOOK_AGAIN = Duration.ofSeconds(3);
  private static final Duration RETRY = Duration.ofSeconds(1);

  /// Seconds over which decisions are counted.
  private static final int WINDOW = 10;

  private final StatusStore board;
  private final EventCache events;
  private final EventCatalog catalog;
  private final BoardGaps gaps;
  private final SaleStatistics figures;
  private final Clock clock;
  private final Semaphore waiters;
  private final ConcurrentHashMap<UUID, Set<CompletableFuture<Optional<Ticket>>>> waiting =
      new ConcurrentHashMap<>();

  /// Two slots for each second of the window: which second it holds, and the count.
  private final AtomicLongArray counts = new AtomicLongArray(2 * (WINDOW + 1));

  private volatile Thread connecting;

  DecisionListener(
      StatusStore board,
      EventCache events,
      EventCatalog catalog,
      BoardGaps gaps,
      SaleStatistics figures,
      Clock clock,
      IngressSettings settings,
      IngressMetrics metrics) {
    this.board = board;
    this.events = events;
    this.catalog = catalog;
    this.gaps = gaps;
    this.figures = figures;
    this.clock = clock;
    int most = settings.limits().waiters();
    this.waiters = new Semaphore(most);
    metrics.watch(
        "ticketing.waiters",
        null,
        "Requests that wait for a decision",
        () -> most - waiters.availablePermits());
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
    count(clock.instant().getEpochSecond());
    Ticket ticket = Json.INTERNAL.readValue(decision.json(), Ticket.class);
    figures.decided(ticket);
    Set<CompletableFuture<Optional<Ticket>>> calls = waiting.get(decision.ticketId());
    if (calls != null) {
      calls.forEach(call -> call.complete(Optional.of(ticket)));
    }
  }

  private void lookAgain() {
    gaps.reconnected();
    waiting.values().forEach(calls -> calls.forEach(call -> call.complete(Optional.empty())));
  }

  private void count(long second) {
    int slot = 2 * (int) (second % (WINDOW + 1));
    long held = counts.get(slot);
    if (held != second && counts.compareAndSet(slot, held, second)) {
      counts.set(slot + 1, 0);
    }
    counts.incrementAndGet(slot + 1);
  }

  /// Decisions in a second, over the last ten whole ones; repeated announcements count as well.
  public double perSecond() {
    long now = clock.instant().getEpochSecond();
    long sum = 0;
    for (int slot = 0; slot < counts.length(); slot += 2) {
      long second = counts.get(slot);
      if (second < now && second >= now - WINDOW) {
        sum += counts.get(slot + 1);
      }
    }
    return (double) sum / WINDOW;
  }

  @Override
  public void start() {
    connecting = Thread.ofVirtual().name("listening").start(this::listen);
  }

  private void listen() {
    boolean tickets = false;
    while (!Thread.currentThread().isInterrupted()) {
      try {
        if (!tickets) {
          board.subscribe(this::announced, this::lookAgain);
          tickets = true;
        }
        events.subscribe(catalog::heard);
        return;
      } catch (RedisUnavailableException e) {
        log.debug("Cannot listen for decisions yet: {}", e.getMessage());
      }
      try {
        Thread.sleep(RETRY);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  @Override
  public void stop() {
    Thread thread = connecting;
    connecting = null;
    if (thread != null) {
      thread.interrupt();
    }
  }

  @Override
  public boolean isRunning() {
    return connecting != null;
  }
}
