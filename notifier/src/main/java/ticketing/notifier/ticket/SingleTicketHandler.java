package ticketing.notifier.ticket;

import java.util.UUID;
import ticketing.notifier.connection.ErrorFrame;
import ticketing.notifier.connection.FrameHandler;
import ticketing.notifier.connection.WebSocketConnection;

/// `/ws/tickets/{ticketId}`: closes the connection after the final state of the ticket.
final class SingleTicketHandler implements FrameHandler {

  private final WebSocketConnection connection;
  private final TicketSubscriptions subscriptions;
  private final Subscription subscription;

  SingleTicketHandler(
      WebSocketConnection connection, TicketSubscriptions subscriptions, UUID ticketId)
      throws InterruptedException {
    this.connection = connection;
    this.subscriptions = subscriptions;
    this.subscription =
        subscriptions.subscribe(connection, ticketId, (ended, reason) -> connection.close(reason));
  }

  @Override
  public void onFrame(String frame) {
    connection.send(ErrorFrame.noClientFrames());
  }

  @Override
  public void onClose() {
    subscriptions.unsubscribe(subscription);
  }
}
