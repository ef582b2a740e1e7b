package ticketing.notifier.availability;

import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import ticketing.notifier.connection.CloseReason;
import ticketing.notifier.connection.ErrorFrame;
import ticketing.notifier.connection.FrameHandler;
import ticketing.notifier.connection.WebSocketConnection;

/// `/ws/events`: one connection with subscriptions to many events. As many unknown events as
/// permitted subscriptions close it, because each one costs a look-up.
final class MultiEventHandler implements FrameHandler {

  private final WebSocketConnection connection;
  private final AvailabilityFeed feed;
  private final int maxSubscriptions;
  private final Map<Long, EventWatcher> live = new ConcurrentHashMap<>();
  private final AtomicInteger unknownEvents = new AtomicInteger();
  private volatile boolean closed;

  MultiEventHandler(WebSocketConnection connection, AvailabilityFeed feed, int maxSubscriptions) {
    this.connection = connection;
    this.feed = feed;
    this.maxSubscriptions = maxSubscriptions;
  }

  @Override
  public void onFrame(String text) {
    Optional<EventFrame> frame = EventFrame.parse(text);
    if (frame.isEmpty()) {
      connection.send(
          ErrorFrame.badFrame(
              "A frame is {\"action\":\"subscribe\" or \"unsubscribe\",\"eventIds\":[1]}"));
      return;
    }
    switch (frame.get().action()) {
      case subscribe -> subscribeAll(new LinkedHashSet<>(frame.get().eventIds()));
      case unsubscribe -> frame.get().eventIds().forEach(this::unsubscribe);
    }
  }

  private void subscribeAll(Set<Long> eventIds) {
    long added = eventIds.stream().filter(id -> !live.containsKey(id)).count();
    if (live.size() + added > maxSubscriptions) {
      connection.send(ErrorFrame.tooManySubscriptions(maxSubscriptions));
      return;
    }
    for (long id : eventIds) {
      EventWatcher known = live.get(id);
      if (known == null) {
        live.put(id, feed.watch(connection, id, () -> rejectUnknown(id)));
        if (closed) {
          unsubscribe(id);
        }
      } else {
        known.sendAgain();
      }
    }
  }

  private void rejectUnknown(long eventId) {
    unsubscribe(eventId);
    connection.send(ErrorFrame.eventNotFound(eventId));
    if (unknownEvents.incrementAndGet() >= maxSubscriptions) {
      connection.close(CloseReason.NO_SUCH_EVENT);
    }
  }

  private void unsubscribe(long eventId) {
    EventWatcher watcher = live.remove(eventId);
    if (watcher != null) {
      feed.remove(watcher);
    }
  }

  @Override
  public void onClose() {
    closed = true;
    live.keySet().forEach(this::unsubscribe);
  }
}
