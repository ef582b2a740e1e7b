package ticketing.notifier.seat;

import java.time.Duration;
import ticketing.notifier.connection.CloseReason;
import ticketing.notifier.connection.ErrorFrame;
import ticketing.notifier.connection.FrameHandler;
import ticketing.notifier.connection.WebSocketConnection;
import ticketing.notifier.watch.Watcher;

/// Connection of the seat feed of one event.
final class SeatWatcher implements FrameHandler, Watcher {

  private final WebSocketConnection connection;
  private final WatchedSeats event;
  private final SeatFeed feed;
  private final Duration frameInterval;
  private long sentChange = WatchedSeats.UNREAD;
  private long sentAt;

  SeatWatcher(
      WebSocketConnection connection, WatchedSeats event, SeatFeed feed, Duration frameInterval) {
    this.connection = connection;
    this.event = event;
    this.feed = feed;
    this.frameInterval = frameInterval;
  }

  @Override
  public synchronized boolean sendIfDue() {
    long change = event.change();
    if (change == sentChange) {
      return true;
    }
    long now = System.nanoTime();
    if (sentChange != WatchedSeats.UNREAD && now - sentAt < frameInterval.toNanos()) {
      return false;
    }
    connection.send(event.frameAfter(sentChange));
    // A change since then is repeated in the next frame.
    sentChange = change;
    sentAt = now;
    return true;
  }

  @Override
  public void rejectUnknownEvent() {
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
