package ticketing.worker.decision;

import java.util.Objects;
import java.util.UUID;
import ticketing.domain.Money;

/// Party of a waiting list.
///
/// @param ticketId ticket of its `JOIN` command
/// @param price price of one seat, at which an offer is charged
/// @param sequence order of joining, from 1 for each event
/// @param seatsOfUser held and confirmed seats of the user ahead of the batch, if the event has a
///   limit; else 0
public record WaitingParty(
    UUID ticketId,
    String userId,
    String seatType,
    int quantity,
    Money price,
    long sequence,
    int seatsOfUser) {

  public WaitingParty {
    Objects.requireNonNull(ticketId, "ticketId");
    Objects.requireNonNull(userId, "userId");
    Objects.requireNonNull(seatType, "seatType");
    Objects.requireNonNull(price, "price");
  }

  /// Returns this party with other seats of its user.
  public WaitingParty withSeatsOfUser(int seats) {
    return new WaitingParty(ticketId, userId, seatType, quantity, price, sequence, seats);
  }

  /// Returns the price of all seats.
  public Money totalPrice() {
    return price.multiply(quantity);
  }
}
