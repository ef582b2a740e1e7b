package ticketing.ingress.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.micrometer.core.instrument.MockClock;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import ticketing.domain.Command;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;

/// Rates and latency percentiles of the operations page.
class SaleMetersTest {

  private static final Instant ACCEPTED_AT = Instant.parse("2026-11-01T00:00:00Z");

  private final MockClock clock = new MockClock();
  private final SaleMeters meters = new SaleMeters(clock);

  @AfterEach
  void close() {
    meters.close();
  }

  private static Ticket rejected(Duration latency) {
    Ticket pending =
        Ticket.pending(new Command.BookSeats(UUID.randomUUID(), "user", 1, "VIP", 1, ACCEPTED_AT));
    return new Ticket(
        pending.ticketId(),
        pending.action(),
        TicketStatus.REJECTED,
        pending.eventId(),
        pending.seatType(),
        pending.quantity(),
        null,
        null,
        pending.acceptedAt(),
        ACCEPTED_AT.plus(latency),
        null,
        null,
        Reason.SOLD_OUT,
        null);
  }

  private void readAfter(Duration time) {
    clock.add(time);
    meters.readCounters();
  }

  @Test
  void rateIsTheIncreaseBetweenReadings() {
    for (int i = 0; i < 50; i++) {
      meters.decided(rejected(Duration.ofMillis(20)));
      meters.countBooking(true);
    }
    meters.countBooking(false);
    assertThat(meters.decisionsPerSecond()).isZero();

    readAfter(Duration.ofSeconds(5));
    assertThat(meters.decisionsPerSecond()).isEqualTo(10);
    assertThat(meters.decisionsPerSecond(TicketStatus.REJECTED)).isEqualTo(10);
    assertThat(meters.decisionsPerSecond(TicketStatus.CONFIRMED)).isZero();
    assertThat(meters.rejectionsPerSecond(Reason.SOLD_OUT)).isEqualTo(10);
    assertThat(meters.rejectionsPerSecond(Reason.SALE_CLOSED)).isZero();
    assertThat(meters.acceptedPerSecond()).isEqualTo(10);
    assertThat(meters.refusedPerSecond()).isEqualTo(0.2);

    meters.countBooking(true);
    readAfter(Duration.ofSeconds(10));
    assertThat(meters.decisionsPerSecond()).isZero();
    assertThat(meters.acceptedPerSecond()).isEqualTo(0.1);
  }

  @Test
  void latencyPercentilesAreExactToTwoPercent() {
    for (int millis = 1; millis <= 1_000; millis++) {
      meters.decided(rejected(Duration.ofMillis(millis)));
    }
    readAfter(Duration.ofSeconds(5));
    SaleStatistics.Latency latency = meters.latency().orElseThrow();
    assertThat(latency.p50()).isCloseTo(500, within(10L));
    assertThat(latency.p99()).isCloseTo(990, within(20L));
  }

  @Test
  void latencyIsAtLeastOneMillisecond() {
    meters.decided(rejected(Duration.ZERO));
    readAfter(Duration.ofSeconds(5));
    assertThat(meters.latency()).hasValue(new SaleStatistics.Latency(1, 1));
  }

  @Test
  void latencyExpiresWithoutFurtherDecisions() {
    meters.decided(rejected(Duration.ofMillis(20)));
    readAfter(Duration.ofSeconds(5));
    assertThat(meters.latency()).isPresent();
    readAfter(Duration.ofSeconds(5));
    readAfter(Duration.ofSeconds(5));
    assertThat(meters.latency()).isEmpty();
  }

  @Test
  void latencyIsMeasuredAfterIdleTime() {
    for (int reading = 0; reading < 20; reading++) {
      readAfter(Duration.ofSeconds(5));
      assertThat(meters.latency()).isEmpty();
    }
    meters.decided(rejected(Duration.ofMillis(2_800)));
    readAfter(Duration.ofSeconds(5));
    assertThat(meters.latency()).isPresent();
  }
}
