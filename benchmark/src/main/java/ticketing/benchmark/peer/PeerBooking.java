package ticketing.benchmark.peer;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;

/// Row of a booking.
@Entity
@Table(name = "peer_bookings")
class PeerBooking {

  @Id
  @GeneratedValue(strategy = GenerationType.IDENTITY)
  private Long id;

  @Column(name = "event_id")
  private long eventId;

  private int quantity;

  @Column(name = "booked_at")
  private Instant bookedAt;

  protected PeerBooking() {}

  PeerBooking(long eventId, int quantity, Instant bookedAt) {
    this.eventId = eventId;
    this.quantity = quantity;
    this.bookedAt = bookedAt;
  }

  Long id() {
    return id;
  }
}
