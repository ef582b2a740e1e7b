package ticketing.notifier.availability;

import java.util.Collections;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import ticketing.domain.EventView;
import ticketing.domain.EventView.Availability;
import ticketing.notifier.availability.WatchedEvent.Snapshot;
import ticketing.notifier.background.BackgroundThreads;
import ticketing.notifier.connection.CloseReason;
import ticketing.notifier.connection.ErrorFrame;
import ticketing.notifier.connection.FrameHandler;
import ticketing.notifier.connection.WebSocketConnection;
import ticketing.notifier.ingress.IngressClient;
import ticketing.notifier.ingress.IngressClient.Lookup;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.EventCache;
import tools.jackson.core.JacksonException;

/// `/ws/events/{eventId}` and `/ws/events`: sends the availability of events immediately and after
/// each change, at a limited rate. An event is read and serialised once for all its watchers.
@Component
public final class AvailabilityFeed implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(AvailabilityFeed.class);

  /// Maximum number of events that await their first read; the sweep reads further ones.
  private static final int MAX_QUEUED_READS = 1_000;

  /// Steps per frame interval; a frame is late by at most one step.
  private static final int STEPS_PER_FRAME_INTERVAL = 10;

  private final EventCache eventCache;
  private final IngressClient ingress;
  private final AvailabilitySettings settings;

  private final Map<Long, WatchedEvent> events = new ConcurrentHashMap<>();
  private final BlockingQueue<WatchedEvent> unread = new ArrayBlockingQueue<>(MAX_QUEUED_READS);
  private volatile boolean running;
  private BackgroundThreads background;
  private Iterator<WatchedEvent> sweepPosition = Collections.emptyIterator();

  AvailabilityFeed(EventCache eventCache, IngressClient ingress, AvailabilitySettings settings) {
    this.eventCache = eventCache;
    this.ingress = ingress;
    this.settings = settings;
  }

  /// Handler of a new connection. A malformed id closes the connection.
  public FrameHandler open(WebSocketConnection connection, String eventId) {
    long id;
    try {
      id = Long.parseLong(eventId);
    } catch (NumberFormatException e) {
      connection.send(ErrorFrame.eventNotFound());
      connection.close(CloseReason.NO_SUCH_EVENT);
      return FrameHandler.CLOSING;
    }
    return new SingleEventHandler(connection, this, id);
  }

  /// Handler of a new connection for many events.
  public FrameHandler openMany(WebSocketConnection connection) {
    return new MultiEventHandler(connection, this, settings.maxSubscriptions());
  }

  /// @param unknownEvent called if the event does not exist
  EventWatcher watch(WebSocketConnection connection, long eventId, Runnable unknownEvent) {
    EventWatcher[] added = new EventWatcher[1];
    WatchedEvent event =
        events.compute(
            eventId,
            (id, existing) -> {
              WatchedEvent watched = existing == null ? new WatchedEvent(id) : existing;
              added[0] =
                  new EventWatcher(connection, watched, settings.frameInterval(), unknownEvent);
              watched.watchers().add(added[0]);
              return watched;
            });
    if (event.snapshot() == null) {
      unread.offer(event);
    } else {
      added[0].sendIfDue();
    }
    return added[0];
  }

  void remove(EventWatcher watcher) {
    events.computeIfPresent(
        watcher.event().eventId(),
        (id, watched) -> {
          watched.watchers().remove(watcher);
          return watched.watchers().isEmpty() ? null : watched;
        });
  }

  private void onPublished(EventView event) {
    WatchedEvent watched = events.get(event.eventId());
    if (watched != null) {
      watched.updateFromEvent(event);
    }
  }

  private void sendDueFrames() throws InterruptedException {
    Thread.sleep(settings.frameInterval().dividedBy(STEPS_PER_FRAME_INTERVAL));
    for (WatchedEvent event : events.values()) {
      if (event.isFrameDue()) {
        event.sendToWatchers();
      }
    }
  }

  private void readQueued() throws InterruptedException {
    WatchedEvent event = unread.take();
    if (event.snapshot() == null) {
      read(event);
      event.sendToWatchers();
    }
  }

  /// Covers lost messages of the channel, and an administrator's edit, which evicts the cached
  /// event without a message.
  private void sweep() throws InterruptedException {
    Thread.sleep(settings.sweepInterval());
    if (!sweepPosition.hasNext()) {
      sweepPosition = events.values().iterator();
    }
    for (int i = 0; i < settings.maxEventsPerSweep() && sweepPosition.hasNext(); i++) {
      read(sweepPosition.next());
    }
  }

  private void read(WatchedEvent event) {
    Optional<EventView> cached;
    try {
      cached = eventCache.find(event.eventId());
    } catch (RedisUnavailableException | JacksonException e) {
      log.debug("cannot read event cache, event={}", event.eventId(), e);
      cached = Optional.empty();
    }
    cached.ifPresentOrElse(event::updateFromEvent, () -> lookUp(event));
  }

  private void lookUp(WatchedEvent event) {
    if (!event.beginLookup()) {
      return;
    }
    Snapshot before = event.snapshot();
    ingress.findAvailability(
        event.eventId(),
        lookup -> {
          event.endLookup();
          switch (lookup) {
            case Lookup.Found<Availability>(Availability availability) -> {
              event.updateFromLookup(availability, before);
              event.sendToWatchers();
            }
            case Lookup.NotFound<Availability>() ->
                event.watchers().forEach(EventWatcher::rejectUnknownEvent);
            case Lookup.Failed<Availability>() -> {}
          }
        });
  }

  @Override
  public void start() {
    background = new BackgroundThreads();
    background.subscribeWithRetry("events", () -> eventCache.subscribe(this::onPublished));
    background.repeat("availability", this::sendDueFrames);
    background.repeat("availability-first-reads", this::readQueued);
    background.repeat("availability-sweep", this::sweep);
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
