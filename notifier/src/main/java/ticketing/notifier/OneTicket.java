package ticketing.notifier;

import java.util.UUID;

/// `/ws/tickets/{ticketId}`: closes when the ticket has its final state.
final class OneTicket implements Conversation {

  private final Peer peer;
  private final TicketSockets tickets;
  private final Subscription subscription;

  OneTicket(Peer peer, TicketSockets tickets, UUID ticketId) throws InterruptedException {
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
