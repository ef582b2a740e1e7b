package ticketing.notifier.ticket;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import ticketing.domain.Ticket;
import ticketing.notifier.background.BackgroundThreads;
import ticketing.notifier.connection.WebSocketConnection;
import ticketing.notifier.ingress.IngressClient;
import ticketing.notifier.ingress.IngressClient.Lookup;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.status.StatusStore.PublishedDecision;
import ticketing.tracing.Traces;
import tools.jackson.core.JacksonException;

/// Registry of ticket subscriptions. A state reaches a subscription in three ways: published
/// decisions from the Redis channel; a batched read after subscribing; and a periodic sweep over
/// all subscriptions, which covers lost messages of the channel.
@Component
final class TicketSubscriptions implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(TicketSubscriptions.class);

  private static final int MAX_READ_BATCH_SIZE = 500;

  /// Maximum number of subscriptions that await their first read; further subscribers block.
  private static final int MAX_QUEUED_READS = 10_000;

  private static final Duration READ_POLL_TIMEOUT = Duration.ofMillis(100);

  /// Delay between two attempts to read all subscriptions while Redis is unavailable.
  private static final Duration RETRY_DELAY = Duration.ofSeconds(1);

  private static final Duration[] LATENCY_BUCKETS =
      IntStream.of(5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000)
          .mapToObj(Duration::ofMillis)
          .toArray(Duration[]::new);

  private static final String DECIDED_AT = "\"decidedAt\":\"";

  private final StatusStore statusStore;
  private final IngressClient ingress;
  private final TicketSettings settings;
  private final Clock clock;
  private final Timer latency;
  private final Traces traces;

  private final Map<UUID, List<Subscription>> subscriptions = new ConcurrentHashMap<>();
  private final BlockingQueue<Subscription> unread = new LinkedBlockingQueue<>(MAX_QUEUED_READS);

  /// Set when messages of the channel may be lost or a read failed.
  private volatile boolean readAllRequired;

  private volatile boolean running;
  private long readAllNotBefore = System.nanoTime();
  private BackgroundThreads background;
  private Iterator<List<Subscription>> sweepPosition = Collections.emptyIterator();

  TicketSubscriptions(
      StatusStore statusStore,
      IngressClient ingress,
      TicketSettings settings,
      Clock clock,
      MeterRegistry meters,
      Traces traces) {
    this.traces = traces;
    this.statusStore = statusStore;
    this.ingress = ingress;
    this.settings = settings;
    this.clock = clock;
    this.latency =
        Timer.builder("ticketing.frame.latency")
            .description(
                "Time from a decision to its frame, including the clock difference of two"
                    + " processes")
            .serviceLevelObjectives(LATENCY_BUCKETS)
            .register(meters);
    Gauge.builder("ticketing.subscribed", subscriptions, Map::size)
        .description("Tickets with at least one subscription")
        .baseUnit("tickets")
        .register(meters);
  }

  /// Sends the ticket's state to the connection, and every change until the final state. Blocks
  /// while too many subscriptions await their first read.
  Subscription subscribe(
      WebSocketConnection connection, UUID ticketId, Subscription.EndListener endListener)
      throws InterruptedException {
    return subscribe(
        connection, ticketId, TicketObserver.sendingTo(connection, ticketId), endListener);
  }

  /// Passes the ticket's state to the observer, as [#subscribe] sends it.
  Subscription subscribe(
      WebSocketConnection connection,
      UUID ticketId,
      TicketObserver observer,
      Subscription.EndListener endListener)
      throws InterruptedException {
    Subscription subscription =
        new Subscription(
            connection,
            ticketId,
            observer,
            traces,
            (ended, reason) -> {
              remove(ended);
              endListener.onEnd(ended, reason);
            });
    // Register first, then read: the decision is either received from the channel or read.
    subscriptions.merge(ticketId, List.of(subscription), TicketSubscriptions::concat);
    unread.put(subscription);
    return subscription;
  }

  void unsubscribe(Subscription subscription) {
    subscription.cancel();
    remove(subscription);
  }

  private static List<Subscription> concat(List<Subscription> first, List<Subscription> second) {
    List<Subscription> all = new ArrayList<>(first);
    all.addAll(second);
    return List.copyOf(all);
  }

  private void remove(Subscription removed) {
    subscriptions.computeIfPresent(
        removed.ticketId(),
        (id, all) -> {
          List<Subscription> remaining = all.stream().filter(each -> each != removed).toList();
          return remaining.isEmpty() ? null : remaining;
        });
  }

  /// Runs for every decision of the whole system; most have no subscription here.
  void onPublished(PublishedDecision decision) {
    List<Subscription> subscribed = subscriptions.get(decision.ticketId());
    if (subscribed == null) {
      return;
    }
    for (Subscription subscription : subscribed) {
      if (subscription.onPublished(decision)) {
        recordLatency(decision.json());
      }
    }
  }

  private void recordLatency(String json) {
    int start = json.indexOf(DECIDED_AT) + DECIDED_AT.length();
    int end = json.indexOf('"', start);
    if (start < DECIDED_AT.length() || end < 0) {
      return;
    }
    try {
      Duration elapsed =
          Duration.between(Instant.parse(json.substring(start, end)), clock.instant());
      latency.record(elapsed.isNegative() ? Duration.ZERO : elapsed);
    } catch (DateTimeParseException e) {
      log.debug("decision has no valid time, json={}", json, e);
    }
  }

  /// Reads the subscriptions queued since the last read. A single one is read without delay; during
  /// a read the next ones form a batch.
  private void readQueued() throws InterruptedException {
    Subscription first = unread.poll(READ_POLL_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    if (first != null) {
      List<Subscription> batch = new ArrayList<>();
      batch.add(first);
      unread.drainTo(batch, MAX_READ_BATCH_SIZE - 1);
      batch.removeIf(Subscription::hasEnded);
      if (!read(batch)) {
        readAllRequired = true;
      }
    }
    if (readAllRequired && System.nanoTime() - readAllNotBefore >= 0) {
      readAllRequired = false;
      if (!readAll()) {
        readAllRequired = true;
        readAllNotBefore = System.nanoTime() + RETRY_DELAY.toNanos();
      }
    }
  }

  /// @return false if the status store is unavailable; the remaining subscriptions are then skipped
  private boolean readAll() {
    List<Subscription> batch = new ArrayList<>(MAX_READ_BATCH_SIZE);
    for (List<Subscription> subscribed : subscriptions.values()) {
      batch.addAll(subscribed);
      if (batch.size() >= MAX_READ_BATCH_SIZE) {
        if (!read(batch)) {
          return false;
        }
        batch.clear();
      }
    }
    return read(batch);
  }

  private void sweep() throws InterruptedException {
    Thread.sleep(settings.sweepInterval());
    int remaining = settings.maxTicketsPerSweep();
    List<Subscription> batch = new ArrayList<>(MAX_READ_BATCH_SIZE);
    if (!sweepPosition.hasNext()) {
      sweepPosition = subscriptions.values().iterator();
    }
    while (sweepPosition.hasNext() && remaining > 0) {
      batch.addAll(sweepPosition.next());
      remaining--;
      if (batch.size() >= MAX_READ_BATCH_SIZE) {
        read(batch);
        batch.clear();
      }
    }
    read(batch);
  }

  /// Passes the stored state to each subscription. Tickets that are not stored are looked up at
  /// ingress-api, and a bounded number of overdue ones, because the status store may have missed
  /// their decision.
  ///
  /// @return false if the status store is unavailable
  private boolean read(Collection<Subscription> batch) {
    if (batch.isEmpty()) {
      return true;
    }
    Set<UUID> ids = batch.stream().map(Subscription::ticketId).collect(Collectors.toSet());
    Map<UUID, StatusEntry> entries;
    try {
      entries = statusStore.findAll(ids);
    } catch (RedisUnavailableException | JacksonException e) {
      log.debug("cannot read status store, tickets={}", ids.size(), e);
      batch.forEach(subscription -> lookUp(subscription, false));
      return false;
    }
    int overdueLookups = 0;
    for (Subscription subscription : batch) {
      StatusEntry entry = entries.get(subscription.ticketId());
      if (entry == null) {
        lookUp(subscription, true);
        continue;
      }
      subscription.onStored(entry);
      if (overdueLookups < settings.maxOverdueLookups() && isOverdue(entry.ticket())) {
        overdueLookups++;
        lookUp(subscription, true);
      }
    }
    return true;
  }

  private boolean isOverdue(Ticket ticket) {
    if (ticket.status().isFinal()) {
      return false;
    }
    long estimate = ticket.estimatedWaitSeconds() == null ? 0 : ticket.estimatedWaitSeconds();
    return ticket
        .acceptedAt()
        .plus(settings.overdueAfter())
        .plusSeconds(estimate)
        .isBefore(clock.instant());
  }

  /// @param storeAvailable false: an undecided ticket is only in the status store, so a "not found"
  ///   of ingress-api proves no absence
  private void lookUp(Subscription subscription, boolean storeAvailable) {
    if (!subscription.beginLookup()) {
      return;
    }
    ingress.findTicket(
        subscription.ticketId(),
        subscription.connection().user(),
        lookup -> {
          subscription.endLookup();
          switch (lookup) {
            case Lookup.Found<Ticket>(Ticket ticket) -> subscription.onFound(ticket);
            case Lookup.NotFound<Ticket>() when storeAvailable -> subscription.onNotFound();
            case Lookup.NotFound<Ticket>() -> {}
            case Lookup.Failed<Ticket>() -> {}
          }
        });
  }

  @Override
  public void start() {
    background = new BackgroundThreads();
    background.subscribeWithRetry(
        "tickets", () -> statusStore.subscribe(this::onPublished, () -> readAllRequired = true));
    background.repeat("first-reads", this::readQueued);
    background.repeat("sweep", this::sweep);
    running = true;
  }

  @Override
  public void stop() {
    running = false;
    background.close();
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  /// Starts before the web server accepts connections, and stops after the last is closed.
  @Override
  public int getPhase() {
    return 0;
  }
}
