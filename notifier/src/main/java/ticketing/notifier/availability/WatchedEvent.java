package ticketing.notifier.availability;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import ticketing.domain.EventView;
import ticketing.domain.EventView.Availability;
import ticketing.domain.Json;

/// Event with at least one watcher, and its newest availability as JSON.
final class WatchedEvent {

  /// @param version version of the event's row
  /// @param json frame of the availability
  record Snapshot(long version, String json) {}

  private final long eventId;
  private final Set<EventWatcher> watchers = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean lookupInFlight = new AtomicBoolean();
  private volatile Snapshot snapshot;
  private volatile boolean frameDue;

  WatchedEvent(long eventId) {
    this.eventId = eventId;
  }

  long eventId() {
    return eventId;
  }

  Set<EventWatcher> watchers() {
    return watchers;
  }

  /// Null until the first read.
  Snapshot snapshot() {
    return snapshot;
  }

  /// @return false if a look-up at ingress-api is in flight already
  boolean beginLookup() {
    return lookupInFlight.compareAndSet(false, true);
  }

  void endLookup() {
    lookupInFlight.set(false);
  }

  /// True while a watcher has not received the newest snapshot.
  boolean isFrameDue() {
    return frameDue;
  }

  /// A watcher requires a frame, although the snapshot has not changed.
  void requireFrame() {
    frameDue = true;
  }

  /// Replaces the snapshot unless the event is older.
  synchronized void updateFromEvent(EventView event) {
    if (snapshot == null || event.version() >= snapshot.version()) {
      update(event.version(), event.availability());
    }
  }

  /// Replaces the snapshot unless it has changed since the look-up began.
  ///
  /// @param expected snapshot at the begin of the look-up
  synchronized void updateFromLookup(Availability availability, Snapshot expected) {
    if (snapshot == expected) {
      update(expected == null ? 0 : expected.version(), availability);
    }
  }

  private void update(long version, Availability availability) {
    String json = Json.INTERNAL.writeValueAsString(availability);
    boolean changed = snapshot == null || !snapshot.json().equals(json);
    snapshot = new Snapshot(version, json);
    frameDue |= changed;
  }

  /// Sends the snapshot to every watcher after its frame interval.
  void sendToWatchers() {
    frameDue = false;
    for (EventWatcher watcher : watchers) {
      if (!watcher.sendIfDue()) {
        frameDue = true;
      }
    }
  }
}
