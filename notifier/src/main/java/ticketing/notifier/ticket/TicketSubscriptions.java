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
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import org.springframework.web.socket.CloseStatus;
import ticketing.domain.Ticket;
import ticketing.notifier.connection.BackgroundThreads;
import ticketing.notifier.connection.WebSocketConnection;
import ticketing.notifier.ingress.IngressClient;
import ticketing.notifier.settings.NotifierSettings;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.status.StatusStore.PublishedDecision;
import ticketing.tracing.Traces;
import tools.jackson.core.JacksonException;

/// Who waits for which ticket, and how they come to know of it. Three ways lead to a subscriber:
/// announcements, as soon as they are heard; one read after subscribing, many subscriptions at a
/// time; and a sweep that goes round all subscriptions, in case an announcement was not heard.
@Component
public final class TicketSubscriptions implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(TicketSubscriptions.class);

  /// Most tickets read from the board at a time.
  private static final int READ = 500;

  /// Most subscriptions that wait for their first read; beyond it subscribers wait to subscribe.
  private static final int UNREAD = 10_000;

  /// Between two attempts to read everything from a board that cannot be read.
  private static final Duration AGAIN = Duration.ofSeconds(1);

  /// Buckets of the latency's histogram.
  private static final Duration[] LATENCIES =
      IntStream.of(5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000)
          .mapToObj(Duration::ofMillis)
          .toArray(Duration[]::new);

  private static final String DECIDED_AT = "\"decidedAt\":\"";

  private final StatusStore board;
  private final IngressClient ingress;
  private final NotifierSettings settings;
  private final Clock clock;
  private final Timer latency;
  private final Traces traces;

  private final Map<UUID, List<Subscription>> waiting = new ConcurrentHashMap<>();
  private final BlockingQueue<Subscription> unread = new LinkedBlockingQueue<>(UNREAD);
  private volatile boolean missed; // what stood on the board may not have been read
  private volatile boolean running;
  private long notBefore = System.nanoTime(); // next attempt after a failed one
  private BackgroundThreads background;
  private Iterator<List<Subscription>> round = Collections.emptyIterator();

  TicketSubscriptions(
      StatusStore board,
      IngressClient ingress,
      NotifierSettings settings,
      Clock clock,
      MeterRegistry meters,
      Traces traces) {
    this.traces = traces;
    this.board = board;
    this.ingress = ingress;
    this.settings = settings;
    this.clock = clock;
    this.latency =
        Timer.builder("ticketing.frame.latency")
            .description("From a decision to its frame; includes the difference of two clocks")
            .serviceLevelObjectives(LATENCIES)
            .register(meters);
    Gauge.builder("ticketing.subscribed", waiting, Map::size)
        .description("Tickets that some socket waits for")
        .baseUnit("tickets")
        .register(meters);
  }

  /// Sends the ticket's state to the peer, and every change until the final one. Waits while too
  /// many others are still to be read.
  ///
  /// @param whenOver see [Subscription]
  Subscription subscribe(
      WebSocketConnection peer, UUID ticketId, BiConsumer<Subscription, CloseStatus> whenOver)
      throws InterruptedException {
    Subscription subscription =
        new Subscription(
            peer,
            ticketId,
            traces,
            (ended, status) -> {
              forget(ended);
              whenOver.accept(ended, status);
            });
    // First register, then read: a decision is either announced to the one or seen by the other.
    waiting.merge(ticketId, List.of(subscription), TicketSubscriptions::both);
    unread.put(subscription);
    return subscription;
  }

  void unsubscribe(Subscription subscription) {
    subscription.cancel();
    forget(subscription);
  }

  private static List<Subscription> both(List<Subscription> some, List<Subscription> more) {
    List<Subscription> all = new ArrayList<>(some);
    all.addAll(more);
    return List.copyOf(all);
  }

  private void forget(Subscription gone) {
    waiting.computeIfPresent(
        gone.ticketId(),
        (id, all) -> {
          List<Subscription> left = all.stream().filter(each -> each != gone).toList();
          return left.isEmpty() ? null : left;
        });
  }

  /// Runs for every decision of the whole system: most are of no interest here.
  private void announced(PublishedDecision announced) {
    List<Subscription> subscriptions = waiting.get(announced.ticketId());
    if (subscriptions == null) {
      return;
    }
    for (Subscription subscription : subscriptions) {
      if (subscription.announced(announced)) {
        recordLatency(announced.json());
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
      Duration taken = Duration.between(Instant.parse(json.substring(start, end)), clock.instant());
      latency.record(taken.isNegative() ? Duration.ZERO : taken);
    } catch (DateTimeParseException e) {
      log.debug("No time of decision in {}", json, e);
    }
  }

  /// Reads what was subscribed since the last read: while one read is under way the next ones
  /// gather, so a lone subscription is read at once and a flood in big groups.
  private void readUnread() throws InterruptedException {
    Subscription first = unread.poll(100, TimeUnit.MILLISECONDS);
    if (first != null) {
      List<Subscription> batch = new ArrayList<>();
      batch.add(first);
      unread.drainTo(batch, READ - 1);
      batch.removeIf(Subscription::isOver);
      if (!read(batch)) {
        missed = true;
      }
    }
    if (missed && System.nanoTime() - notBefore >= 0) {
      missed = false;
      if (!readAll()) {
        missed = true;
        notBefore = System.nanoTime() + AGAIN.toNanos();
      }
    }
  }

  /// @return whether the board could be read; where it cannot, the rest is left for the next time
  private boolean readAll() {
    List<Subscription> batch = new ArrayList<>(READ);
    for (List<Subscription> subscriptions : waiting.values()) {
      batch.addAll(subscriptions);
      if (batch.size() >= READ) {
        if (!read(batch)) {
          return false;
        }
        batch.clear();
      }
    }
    return read(batch);
  }

  private void sweep() throws InterruptedException {
    Thread.sleep(settings.sweep());
    int left = settings.sweepTickets();
    List<Subscription> batch = new ArrayList<>(READ);
    if (!round.hasNext()) {
      round = waiting.values().iterator();
    }
    while (round.hasNext() && left > 0) {
      List<Subscription> subscriptions = round.next();
      batch.addAll(subscriptions);
      left--;
      if (batch.size() >= READ) {
        read(batch);
        batch.clear();
      }
    }
    read(batch);
  }

  /// Tells each subscription what the board says of its ticket, or has ingress asked.
  ///
  /// @return whether the board could be read
  private boolean read(Collection<Subscription> subscriptions) {
    if (subscriptions.isEmpty()) {
      return true;
    }
    Set<UUID> ids = subscriptions.stream().map(Subscription::ticketId).collect(Collectors.toSet());
    Map<UUID, StatusEntry> found;
    try {
      found = board.findAll(ids);
    } catch (RedisUnavailableException | JacksonException e) {
      log.debug("The board cannot be read", e);
      subscriptions.forEach(subscription -> askIngress(subscription, true));
      return false;
    }
    for (Subscription subscription : subscriptions) {
      StatusEntry entry = found.get(subscription.ticketId());
      if (entry == null) {
        askIngress(subscription, false);
      } else {
        subscription.read(entry);
      }
    }
    return true;
  }

  /// @param boardDown an undecided ticket is on the board alone: while that cannot be read, ingress
  ///   not knowing it means nothing
  private void askIngress(Subscription subscription, boolean boardDown) {
    if (subscription.isOver() || !subscription.asking().compareAndSet(false, true)) {
      return;
    }
    ingress.ticket(
        subscription.ticketId(),
        subscription.peer().visitor(),
        answer -> {
          subscription.asking().set(false);
          switch (answer) {
            case IngressClient.Answer.Known<Ticket>(Ticket ticket) -> subscription.read(ticket);
            case IngressClient.Answer.Unknown<Ticket>() when boardDown -> {}
            case IngressClient.Answer.Unknown<Ticket>() -> subscription.unknown();
            case IngressClient.Answer.Failed<Ticket>() -> {}
          }
        });
  }

  @Override
  public void start() {
    background = new BackgroundThreads();
    background.listen("tickets", () -> board.subscribe(this::announced, () -> missed = true));
    background.forever("first-reads", this::readUnread);
    background.forever("sweep", this::sweep);
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

  /// Listens before the first socket opens, until the last has closed.
  @Override
  public int getPhase() {
    return 0;
  }
}
