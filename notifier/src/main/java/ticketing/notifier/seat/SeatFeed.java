package ticketing.notifier.seat;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import ticketing.domain.seatmap.SeatsView;
import ticketing.notifier.background.BackgroundThreads;
import ticketing.notifier.connection.CloseReason;
import ticketing.notifier.connection.ErrorFrame;
import ticketing.notifier.connection.FrameHandler;
import ticketing.notifier.connection.WebSocketConnection;
import ticketing.notifier.ingress.IngressClient;
import ticketing.notifier.ingress.IngressClient.Lookup;
import ticketing.notifier.watch.WatchedEvents;
import ticketing.notifier.watch.WatchedEvents.Intervals;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.SeatCache;

/// `/ws/events/{eventId}/seats`: sends the bitmaps of all sections immediately, then those of the
/// changed sections, at a limited rate. After a new map, all sections.
@Component
public final class SeatFeed implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(SeatFeed.class);

  private static final Duration LOOKUP_TIMEOUT = Duration.ofSeconds(5);

  /// Result of the look-up of a seat map ahead of a handshake.
  enum SeatMapState {
    PRESENT,
    ABSENT,
    UNKNOWN
  }

  private final SeatCache cache;
  private final IngressClient ingress;
  private final SeatFeedSettings settings;

  private final WatchedEvents<SeatWatcher, WatchedSeats> events =
      new WatchedEvents<>(WatchedSeats::new, this::read);
  private volatile boolean running;
  private BackgroundThreads background;

  SeatFeed(SeatCache cache, IngressClient ingress, SeatFeedSettings settings) {
    this.cache = cache;
    this.ingress = ingress;
    this.settings = settings;
  }

  /// Blocks at most 5 s.
  SeatMapState findSeatMap(String eventId) {
    long id;
    try {
      id = Long.parseLong(eventId);
    } catch (NumberFormatException e) {
      return SeatMapState.ABSENT;
    }
    if (events.find(id).filter(event -> !event.isUnread()).isPresent()
        || findCached(id).isPresent()) {
      return SeatMapState.PRESENT;
    }
    CompletableFuture<Lookup<SeatsView>> found = new CompletableFuture<>();
    ingress.findSeats(id, found::complete);
    try {
      return switch (found.get(LOOKUP_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
        case Lookup.Found<SeatsView> _ -> SeatMapState.PRESENT;
        case Lookup.NotFound<SeatsView> _ -> SeatMapState.ABSENT;
        case Lookup.Failed<SeatsView> _ -> SeatMapState.UNKNOWN;
      };
    } catch (TimeoutException | ExecutionException e) {
      return SeatMapState.UNKNOWN;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return SeatMapState.UNKNOWN;
    }
  }

  /// Handler of a new connection. A malformed id closes the connection.
  public FrameHandler open(WebSocketConnection connection, String eventId) {
    try {
      return watch(connection, Long.parseLong(eventId));
    } catch (NumberFormatException e) {
      connection.send(ErrorFrame.eventNotFound());
      connection.close(CloseReason.NO_SUCH_EVENT);
      return FrameHandler.CLOSING;
    }
  }

  private SeatWatcher watch(WebSocketConnection connection, long eventId) {
    return events.add(
        eventId, event -> new SeatWatcher(connection, event, this, settings.frameInterval()));
  }

  void remove(WatchedSeats event, SeatWatcher watcher) {
    events.remove(event, watcher);
  }

  private void onPublished(SeatsView seats) {
    events.find(seats.eventId()).ifPresent(event -> event.update(seats, false));
  }

  private void read(WatchedSeats event) {
    findCached(event.eventId())
        .ifPresentOrElse(seats -> event.update(seats, true), () -> lookUp(event));
  }

  private Optional<SeatsView> findCached(long eventId) {
    try {
      return cache.find(eventId);
    } catch (RedisUnavailableException e) {
      log.debug("cannot read seat cache, event={}", eventId, e);
      return Optional.empty();
    }
  }

  private void lookUp(WatchedSeats event) {
    long before = event.change();
    events.<SeatsView>lookUp(
        event, ingress::findSeats, seats -> event.updateFromLookup(seats, before));
  }

  @Override
  public void start() {
    background = new BackgroundThreads();
    background.subscribeWithRetry("seats", () -> cache.subscribe(this::onPublished));
    events.start(
        "seats",
        new Intervals(
            settings.frameInterval(), settings.sweepInterval(), settings.maxEventsPerSweep()),
        background);
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
