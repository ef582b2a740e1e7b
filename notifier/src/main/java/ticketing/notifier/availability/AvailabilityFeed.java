package ticketing.notifier.availability;

import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import ticketing.domain.EventView;
import ticketing.domain.EventView.Availability;
import ticketing.notifier.availability.WatchedAvailability.Snapshot;
import ticketing.notifier.background.BackgroundThreads;
import ticketing.notifier.connection.CloseReason;
import ticketing.notifier.connection.ErrorFrame;
import ticketing.notifier.connection.FrameHandler;
import ticketing.notifier.connection.WebSocketConnection;
import ticketing.notifier.ingress.IngressClient;
import ticketing.notifier.watch.WatchedEvents;
import ticketing.notifier.watch.WatchedEvents.Intervals;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.EventCache;
import tools.jackson.core.JacksonException;

/// `/ws/events/{eventId}` and `/ws/events`: sends the availability of events immediately and after
/// each change, at a limited rate. An event is read and serialised once for all its watchers.
@Component
public final class AvailabilityFeed implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(AvailabilityFeed.class);

  private final EventCache eventCache;
  private final IngressClient ingress;
  private final AvailabilitySettings settings;

  private final WatchedEvents<EventWatcher, WatchedAvailability> events =
      new WatchedEvents<>(WatchedAvailability::new, this::read);
  private volatile boolean running;
  private BackgroundThreads background;

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
    return events.add(
        eventId,
        event -> new EventWatcher(connection, event, settings.frameInterval(), unknownEvent));
  }

  void remove(EventWatcher watcher) {
    events.remove(watcher.event(), watcher);
  }

  private void onPublished(EventView event) {
    events.find(event.eventId()).ifPresent(watched -> watched.updateFromEvent(event));
  }

  /// The sweep also covers an administrator's edit, which evicts the cached event without a
  /// message.
  private void read(WatchedAvailability event) {
    Optional<EventView> cached;
    try {
      cached = eventCache.find(event.eventId());
    } catch (RedisUnavailableException | JacksonException e) {
      log.debug("cannot read event cache, event={}", event.eventId(), e);
      cached = Optional.empty();
    }
    cached.ifPresentOrElse(event::updateFromEvent, () -> lookUp(event));
  }

  private void lookUp(WatchedAvailability event) {
    Snapshot before = event.snapshot();
    events.<Availability>lookUp(
        event,
        ingress::findAvailability,
        availability -> event.updateFromLookup(availability, before));
  }

  @Override
  public void start() {
    background = new BackgroundThreads();
    background.subscribeWithRetry("events", () -> eventCache.subscribe(this::onPublished));
    events.start(
        "availability",
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
