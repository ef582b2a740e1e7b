package ticketing.notifier;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import org.awaitility.Awaitility;
import ticketing.domain.BoardEntry;
import ticketing.domain.BoardSettings;
import ticketing.domain.Command;
import ticketing.domain.EventBoard;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Logouts;
import ticketing.domain.Money;
import ticketing.domain.Redis;
import ticketing.domain.RedisSettings;
import ticketing.domain.RedisUnavailable;
import ticketing.domain.Ticket;
import ticketing.domain.TicketBoard;
import ticketing.domain.TicketIds;
import ticketing.domain.TicketStatus;

/// Plays ingress-api and booking-worker: accepts commands and decides them on the board.
final class Box implements AutoCloseable {

  static final String BUYER = "17";

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Redis redis;
  final TicketBoard tickets;
  final EventBoard events;
  final Logouts logouts;

  Box(String redisAddress) {
    BoardSettings settings =
        new BoardSettings(Duration.ofHours(1), Duration.ofHours(1), Duration.ofHours(1));
    this.redis =
        Redis.connect(
            new RedisSettings(
                List.of(redisAddress),
                false,
                "",
                Duration.ofSeconds(2),
                1,
                Duration.ofMillis(100),
                8));
    this.tickets = new TicketBoard(redis, settings);
    this.events = new EventBoard(redis, settings);
    this.logouts = new Logouts(redis);
  }

  BoardEntry pending(long eventId) {
    return BoardEntry.pending(
        new Command.BookSeats(
            TicketIds.next(),
            BUYER,
            eventId,
            "VIP",
            2,
            Instant.now().truncatedTo(ChronoUnit.MICROS),
            null));
  }

  /// Accepts a booking of the buyer.
  BoardEntry accept(long eventId) {
    BoardEntry entry = pending(eventId);
    insist(() -> tickets.open(entry).join());
    return entry;
  }

  UUID accepted() {
    return accept(1).ticket().ticketId();
  }

  static BoardEntry confirmed(BoardEntry pending) {
    Ticket ticket = pending.ticket();
    return BoardEntry.decided(
        pending.owner(),
        pending.fingerprint(),
        new Ticket(
            ticket.ticketId(),
            ticket.action(),
            TicketStatus.CONFIRMED,
            ticket.eventId(),
            ticket.seatType(),
            ticket.quantity(),
            null,
            null,
            ticket.acceptedAt(),
            Instant.now().truncatedTo(ChronoUnit.MICROS),
            42L,
            null,
            null,
            Money.of("300000.00")));
  }

  void confirm(BoardEntry pending) {
    BoardEntry confirmed = confirmed(pending);
    insist(() -> tickets.announce(List.of(confirmed), 1, null, List.of()));
  }

  void confirm(UUID ticketId) {
    confirm(tickets.find(ticketId).orElseThrow());
  }

  static EventView event(long eventId, int available, long version) {
    return new EventView(
        eventId,
        "Concert",
        Instant.parse("2030-12-24T10:00:00Z"),
        "Hall",
        "Seoul",
        EventStatus.ACTIVE,
        1000,
        available,
        null,
        null,
        null,
        null,
        List.of(new SeatTypeView("VIP", Money.of("150000.00"), 1000, available)),
        version);
  }

  void show(long eventId, int available, long version) {
    events.refresh(event(eventId, available, version)).join();
  }

  /// Just after Redis has returned, a call may still meet a connection of before.
  private static void insist(Runnable call) {
    Awaitility.await()
        .pollDelay(Duration.ZERO)
        .pollInSameThread()
        .ignoreExceptionsMatching(
            failure ->
                failure instanceof RedisUnavailable
                    || failure.getCause() instanceof RedisUnavailable)
        .atMost(PATIENCE)
        .untilAsserted(call::run);
  }

  /// Waits until Redis answers this client again.
  void awaitRedis() {
    Awaitility.await()
        .ignoreException(RedisUnavailable.class)
        .atMost(PATIENCE)
        .until(() -> tickets.find(UUID.randomUUID()).isEmpty());
  }

  @Override
  public void close() {
    redis.close();
  }
}
