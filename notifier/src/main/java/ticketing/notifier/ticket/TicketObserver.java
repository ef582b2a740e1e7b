package ticketing.notifier.ticket;

import java.util.UUID;
import ticketing.notifier.connection.ErrorFrame;
import ticketing.notifier.connection.WebSocketConnection;

/// Receiver of the states of one ticket. Its methods run under the lock of the subscription, so
/// they must not block.
public interface TicketObserver {

  /// @param json state of the ticket as JSON for the client
  void onState(String json);

  /// The user has no such ticket. No call follows.
  void onNotFound();

  /// Returns the observer that sends each state as a frame.
  static TicketObserver sendingTo(WebSocketConnection connection, UUID ticketId) {
    return new TicketObserver() {
      @Override
      public void onState(String json) {
        connection.send(json);
      }

      @Override
      public void onNotFound() {
        connection.send(ErrorFrame.ticketNotFound(ticketId.toString()));
      }
    };
  }
}
