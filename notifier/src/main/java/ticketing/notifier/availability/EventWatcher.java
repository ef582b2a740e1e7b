package ticketing.notifier.availability;

import java.time.Duration;
import ticketing.notifier.availability.WatchedEvent.Snapshot;
import ticketing.notifier.connection.CloseReason;
import ticketing.notifier.connection.ErrorFrame;
import ticketing.notifier.connection.FrameHandler;
import ticketing.notifier.connection.WebSocketConnection;

/// Connection of the availability feed of one event.
final class EventWatcher implements FrameHandler {

  private final WebSocketConnection connection;
  private final WatchedEvent event;
  private final AvailabilityFeed feed;
  private final Duration frameInterval;
  private String sentJson;
  private long sentAt;

  EventWatcher(
      WebSocketConnection connection,
      WatchedEvent event,
      AvailabilityFeed feed,
      Duration frameInterval) {
    this.connection = connection;
    this.event = event;
    this.feed = feed;
    this.frameInterval = frameInterval;
  }

  /// Sends the newest snapshot unless the client has it or the frame interval has not passed.
  ///
  /// @return false if a frame remains to be sent
  synchronized boolean sendIfDue() {
    Snapshot snapshot = event.snapshot();
    if (snapshot == null || snapshot.json().equals(sentJson)) {
      return true;
    }
    long now = System.nanoTime();
    if (sentJson != null && now - sentAt < frameInterval.toNanos()) {
      return false;
    }
    sentJson = snapshot.json();
    sentAt = now;
    connection.send(sentJson);
    return true;
  }

  void rejectUnknownEvent() {
    connection.send(ErrorFrame.eventNotFound());
    connection.close(CloseReason.NO_SUCH_EVENT);
  }

  @Override
  public void onFrame(String frame) {
    connection.send(ErrorFrame.noClientFrames());
  }

  @Override
  public void onClose() {
    feed.remove(event, this);
  }
}
