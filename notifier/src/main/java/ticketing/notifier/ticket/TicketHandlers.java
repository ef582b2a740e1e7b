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

  /// Observation of a ticket until its final state.
  public interface Observation {
    void cancel();

    /// True after the final state, and if there is no such ticket.
    boolean hasEnded();
  }

  /// Observes a ticket on behalf of the user of a connection. Blocks while too many subscriptions
  /// await their first read.
  ///
  /// @param onEnd runs once after the final state, and if there is no such ticket
  public Observation observe(
      WebSocketConnection connection, UUID ticketId, TicketObserver observer, Runnable onEnd)
      throws InterruptedException {
    Subscription subscription =
        subscriptions.subscribe(connection, ticketId, observer, (ended, reason) -> onEnd.run());
    return new Observation() {
      @Override
      public void cancel() {
        subscriptions.unsubscribe(subscription);
      }

      @Override
      public boolean hasEnded() {
        return subscription.hasEnded();
      }
    };
  }

  /// Handler of `/ws/tickets`.
  public FrameHandler multiTicket(WebSocketConnection connection) {
    return new MultiTicketHandler(connection, subscriptions, tokens, settings.maxSubscriptions());
  }
}
