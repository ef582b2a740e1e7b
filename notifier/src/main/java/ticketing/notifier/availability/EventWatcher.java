package ticketing.notifier.availability;

import java.time.Duration;
import ticketing.notifier.availability.WatchedAvailability.Snapshot;
import ticketing.notifier.connection.WebSocketConnection;
import ticketing.notifier.watch.Watcher;

/// Subscription of one connection to the availability of one event.
final class EventWatcher implements Watcher {

  private final WebSocketConnection connection;
  private final WatchedAvailability event;
  private final Duration frameInterval;
  private final Runnable unknownEvent;
  private String sentJson;
  private boolean resend;
  private long sentAt;

  /// @param unknownEvent called if the event does not exist
  EventWatcher(
      WebSocketConnection connection,
      WatchedAvailability event,
      Duration frameInterval,
      Runnable unknownEvent) {
    this.connection = connection;
    this.event = event;
    this.frameInterval = frameInterval;
    this.unknownEvent = unknownEvent;
  }

  WatchedAvailability event() {
    return event;
  }

  @Override
  public synchronized boolean sendIfDue() {
    Snapshot snapshot = event.snapshot();
    if (snapshot == null || (snapshot.json().equals(sentJson) && !resend)) {
      return true;
    }
    long now = System.nanoTime();
    if (sentJson != null && now - sentAt < frameInterval.toNanos()) {
      return false;
    }
    sentJson = snapshot.json();
    resend = false;
    sentAt = now;
    connection.send(sentJson);
    return true;
  }

  /// Sends the snapshot although the client has it, after the frame interval.
  void sendAgain() {
    synchronized (this) {
      resend = true;
    }
    if (!sendIfDue()) {
      event.requireFrame();
    }
  }

  @Override
  public void rejectUnknownEvent() {
    unknownEvent.run();
  }
}
