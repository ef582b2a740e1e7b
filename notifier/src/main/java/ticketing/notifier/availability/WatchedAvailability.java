package ticketing.notifier.availability;

import ticketing.domain.EventView;
import ticketing.domain.EventView.Availability;
import ticketing.domain.Json;
import ticketing.notifier.watch.WatchedEvent;

/// Event with at least one watcher, and its newest availability as JSON.
final class WatchedAvailability extends WatchedEvent<EventWatcher> {

  /// @param version version of the event's row
  /// @param json frame of the availability
  record Snapshot(long version, String json) {}

  private volatile Snapshot snapshot;

  WatchedAvailability(long eventId) {
    super(eventId);
  }

  @Override
  public boolean isUnread() {
    return snapshot == null;
  }

  /// Null until the first read.
  Snapshot snapshot() {
    return snapshot;
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
    if (changed) {
      requireFrame();
    }
  }
}
