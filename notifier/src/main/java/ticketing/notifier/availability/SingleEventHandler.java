package ticketing.notifier.availability;

import ticketing.notifier.connection.CloseReason;
import ticketing.notifier.connection.ErrorFrame;
import ticketing.notifier.connection.FrameHandler;
import ticketing.notifier.connection.WebSocketConnection;

/// `/ws/events/{eventId}`: one connection for one event. An unknown event closes it.
final class SingleEventHandler implements FrameHandler {

  private final WebSocketConnection connection;
  private final AvailabilityFeed feed;
  private final EventWatcher watcher;

  SingleEventHandler(WebSocketConnection connection, AvailabilityFeed feed, long eventId) {
    this.connection = connection;
    this.feed = feed;
    this.watcher =
        feed.watch(
            connection,
            eventId,
            () -> {
              connection.send(ErrorFrame.eventNotFound());
              connection.close(CloseReason.NO_SUCH_EVENT);
            });
  }

  @Override
  public void onFrame(String frame) {
    connection.send(ErrorFrame.noClientFrames());
  }

  @Override
  public void onClose() {
    feed.remove(watcher);
  }
}
