package ticketing.notifier.ticket;

import java.util.UUID;
import ticketing.notifier.connection.ErrorFrame;
import ticketing.notifier.connection.FrameHandler;
import ticketing.notifier.connection.WebSocketConnection;

/// `/ws/tickets/{ticketId}`: closes when the ticket has its final state.
public final class SingleTicketHandler implements FrameHandler {

  private final WebSocketConnection peer;
  private final TicketSubscriptions tickets;
  private final Subscription subscription;

  public SingleTicketHandler(WebSocketConnection peer, TicketSubscriptions tickets, UUID ticketId)
      throws InterruptedException {
    this.peer = peer;
    this.tickets = tickets;
    this.subscription = tickets.subscribe(peer, ticketId, (ended, status) -> peer.close(status));
  }

  @Override
  public void received(String frame) {
    peer.send(ErrorFrame.badFrame("This socket takes no frames"));
  }

  @Override
  public void closed() {
    tickets.unsubscribe(subscription);
  }
}
