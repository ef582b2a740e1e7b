package ticketing.notifier.seat;

import java.time.Duration;
import java.util.Collections;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
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
import ticketing.redis.RedisUnavailableException;
import ticketing.status.SeatCache;

/// `/ws/events/{eventId}/seats`: sends the bitmaps of all sections immediately, then those of the
/// changed sections, at a limited rate. After a new map, all sections.
@Component
public final class SeatFeed implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(SeatFeed.class);

  /// Maximum number of events that await their first read; the sweep reads further ones.
  private static final int MAX_QUEUED_READS = 1_000;

  /// Steps per frame interval; a frame is late by at most one step.
  private static final int STEPS_PER_FRAME_INTERVAL = 10;

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

  private final Map<Long, WatchedSeats> events = new ConcurrentHashMap<>();
  private final BlockingQueue<WatchedSeats> unread = new ArrayBlockingQueue<>(MAX_QUEUED_READS);
  private volatile boolean running;
  private BackgroundThreads background;
  private Iterator<WatchedSeats> sweepPosition = Collections.emptyIterator();

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
    WatchedSeats watched = events.get(id);
    if (watched != null && watched.change() != WatchedSeats.UNREAD || findCached(id).isPresent()) {
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
    SeatWatcher[] added = new SeatWatcher[1];
    WatchedSeats event =
        events.compute(
            eventId,
            (id, existing) -> {
              WatchedSeats watched = existing == null ? new WatchedSeats(id) : existing;
              added[0] = new SeatWatcher(connection, watched, this, settings.frameInterval());
              watched.watchers().add(added[0]);
              return watched;
            });
    if (event.change() == WatchedSeats.UNREAD) {
      unread.offer(event);
    } else {
      added[0].sendIfDue();
    }
    return added[0];
  }

  void remove(WatchedSeats event, SeatWatcher watcher) {
    events.computeIfPresent(
        event.eventId(),
        (id, watched) -> {
          watched.watchers().remove(watcher);
          return watched.watchers().isEmpty() ? null : watched;
        });
  }

  private void onPublished(SeatsView seats) {
    WatchedSeats watched = events.get(seats.eventId());
    if (watched != null) {
      watched.update(seats, false);
    }
  }

  private void sendDueFrames() throws InterruptedException {
    Thread.sleep(settings.frameInterval().dividedBy(STEPS_PER_FRAME_INTERVAL));
    for (WatchedSeats event : events.values()) {
      if (event.isFrameDue()) {
        event.sendToWatchers();
      }
    }
  }

  private void readQueued() throws InterruptedException {
    WatchedSeats event = unread.take();
    if (event.change() == WatchedSeats.UNREAD) {
      read(event);
      event.sendToWatchers();
    }
  }

  /// Covers lost messages of the channel.
  private void sweep() throws InterruptedException {
    Thread.sleep(settings.sweepInterval());
    if (!sweepPosition.hasNext()) {
      sweepPosition = events.values().iterator();
    }
    for (int i = 0; i < settings.maxEventsPerSweep() && sweepPosition.hasNext(); i++) {
      read(sweepPosition.next());
    }
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
    if (!event.beginLookup()) {
      return;
    }
    long before = event.change();
    ingress.findSeats(
        event.eventId(),
        lookup -> {
          event.endLookup();
          switch (lookup) {
            case Lookup.Found<SeatsView>(SeatsView seats) -> {
              event.updateFromLookup(seats, before);
              event.sendToWatchers();
            }
            case Lookup.NotFound<SeatsView> _ ->
                event.watchers().forEach(SeatWatcher::rejectUnknownEvent);
            case Lookup.Failed<SeatsView> _ -> {}
          }
        });
  }

  @Override
  public void start() {
    background = new BackgroundThreads();
    background.subscribeWithRetry("seats", () -> cache.subscribe(this::onPublished));
    background.repeat("seats", this::sendDueFrames);
    background.repeat("seats-first-reads", this::readQueued);
    background.repeat("seats-sweep", this::sweep);
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
