package ticketing.benchmark.peer;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;

/// Row of an event with its available seats.
@Entity
@Table(name = "peer_events")
class PeerEvent {

  @Id private Long id;

  @Column(name = "available_seats")
  private int availableSeats;

  protected PeerEvent() {}

  /// @return false if fewer seats are available
  boolean book(int quantity) {
    if (availableSeats < quantity) {
      return false;
    }
    availableSeats -= quantity;
    return true;
  }
}
