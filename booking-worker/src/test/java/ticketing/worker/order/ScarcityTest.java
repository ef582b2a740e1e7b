package ticketing.worker.order;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import ticketing.domain.Command;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Money;
import ticketing.worker.decision.Reservation;
import ticketing.worker.decision.ReservationStatus;

class ScarcityTest {

  private static final int FACTOR = 10;
  private static final Instant NOW = Instant.parse("2030-01-01T10:00:00Z");
  private static final List<Command> THREE_SEATS = List.of(book("A", 1), book("A", 2));

  private final AcceptanceOrder order = order(true);

  private static AcceptanceOrder order(boolean enabled) {
    Duration time = Duration.ofMillis(1);
    return new AcceptanceOrder(
        null,
        new OrderSettings(enabled, FACTOR, time, time, time, time),
        new OrderMetrics(new SimpleMeterRegistry()));
  }

  private static Command book(String type, int quantity, String... seats) {
    return new Command.BookSeats(
        UUID.randomUUID(), "buyer", 1, type, quantity, NOW, null, null, null, List.of(seats), null);
  }

  private static Optional<EventView> event(int availableA, int availableB) {
    return Optional.of(
        EventView.builder(1, "Event", NOW)
            .seatTypes(
                List.of(
                    new SeatTypeView("A", Money.of("10"), 1_000, availableA),
                    new SeatTypeView("B", Money.of("10"), 1_000, availableB)))
            .build());
  }

  private static Reservation hold(String type, int quantity) {
    return new Reservation(1, "other", type, quantity, Money.of("10"), ReservationStatus.HELD, NOW);
  }

  @Test
  void fewSeatsAreScarce() {
    assertThat(order.isScarce(event(29, 0), List.of(), THREE_SEATS)).isTrue();
    assertThat(order.isScarce(event(30, 0), List.of(), THREE_SEATS)).isFalse();
  }

  @Test
  void seatsForNoneAreNotScarce() {
    assertThat(order.isScarce(event(0, 5), List.of(), THREE_SEATS)).isFalse();
    assertThat(order.isScarce(event(0, 5), List.of(), List.of(book("B", 1)))).isTrue();
  }

  @Test
  void seatsOfDueHoldsCount() {
    assertThat(order.isScarce(event(0, 0), List.of(hold("B", 2)), THREE_SEATS)).isFalse();
    assertThat(order.isScarce(event(0, 0), List.of(hold("A", 2)), THREE_SEATS)).isTrue();
    assertThat(order.isScarce(event(28, 0), List.of(hold("A", 2)), THREE_SEATS)).isFalse();
  }

  @Test
  void numberedSeatsAreScarceUntilSoldOut() {
    List<Command> numbered = List.of(book("A", 1, "A-1"));
    assertThat(order.isScarce(event(1_000, 0), List.of(), numbered)).isTrue();
    assertThat(order.isScarce(event(0, 0), List.of(), numbered)).isFalse();
  }

  @Test
  void unknownEventIsNotScarce() {
    assertThat(order.isScarce(Optional.empty(), List.of(), THREE_SEATS)).isFalse();
    assertThat(order(false).isScarce(event(29, 0), List.of(), THREE_SEATS)).isFalse();
  }
}
