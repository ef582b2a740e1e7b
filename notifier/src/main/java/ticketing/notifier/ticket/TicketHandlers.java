package ticketing.notifier.ticket;

import java.util.UUID;
import org.springframework.stereotype.Component;
import ticketing.notifier.connection.CloseReason;
import ticketing.notifier.connection.ErrorFrame;
import ticketing.notifier.connection.FrameHandler;
import ticketing.notifier.connection.WebSocketConnection;
import ticketing.notifier.handshake.TokenAuthenticator;

/// Factory of the frame handlers of both ticket endpoints.
@Component
public final class TicketHandlers {

  private final TicketSubscriptions subscriptions;
  private final TokenAuthenticator tokens;
  private final TicketSettings settings;

  TicketHandlers(
      TicketSubscriptions subscriptions, TokenAuthenticator tokens, TicketSettings settings) {
    this.subscriptions = subscriptions;
    this.tokens = tokens;
    this.settings = settings;
  }

  /// Handler of `/ws/tickets/{ticketId}`. Blocks while too many subscriptions await their first
  /// read. A malformed id closes the connection.
  public FrameHandler singleTicket(WebSocketConnection connection, String ticketId)
      throws InterruptedException {
    UUID id;
    try {
      id = UUID.fromString(ticketId);
    } catch (IllegalArgumentException e) {
      connection.send(ErrorFrame.ticketNotFound(ticketId));
      connection.close(CloseReason.NO_SUCH_TICKET);
      return FrameHandler.CLOSING;
    }
    return new SingleTicketHandler(connection, subscriptions, id);
  }

  /// Handler of `/ws/tickets`.
  public FrameHandler multiTicket(WebSocketConnection connection) {
    return new MultiTicketHandler(connection, subscriptions, tokens, settings.maxSubscriptions());
  }
}
