package ticketing.notifier;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import org.awaitility.Awaitility;
import ticketing.domain.Command;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Money;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.domain.seatmap.SeatsView;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisSettings;
import ticketing.redis.RedisUnavailableException;
import ticketing.security.RevocationSettings;
import ticketing.security.RevokedTokens;
import ticketing.status.EventCache;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.status.StatusStoreSettings;
import ticketing.userfeed.UserChanges;

/// Substitute for ingress-api and booking-worker: stores pending tickets and publishes decisions.
public final class SimulatedBackend implements AutoCloseable {

  public static final String BUYER = "17";

  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final RedisGateway redis;
  public final StatusStore statusStore;
  public final EventCache eventCache;
  public final UserChanges userChanges;
  public final RevokedTokens revokedTokens;

  public SimulatedBackend(String redisAddress) {
    StatusStoreSettings settings =
        new StatusStoreSettings(Duration.ofHours(1), Duration.ofHours(1), Duration.ofHours(1));
    this.redis =
        RedisGateway.connect(
            new RedisSettings(
                List.of(redisAddress),
                false,
                "",
                Duration.ofSeconds(2),
                1,
                Duration.ofMillis(100),
                8));
    this.statusStore = new StatusStore(redis, settings);
    this.eventCache = new EventCache(redis, settings);
    this.userChanges = new UserChanges(redis);
    this.revokedTokens =
        new RevokedTokens(
            redis, new RevocationSettings(Duration.ofMillis(100), 1_000), Clock.systemUTC());
  }

  public StatusEntry pending(long eventId) {
    return StatusEntry.pending(
        new Command.BookSeats(
            UUID.randomUUID(),
            BUYER,
            eventId,
            "VIP",
            2,
            Instant.now().truncatedTo(ChronoUnit.MICROS)));
  }

  /// Stores a pending booking of the buyer.
  public StatusEntry accept(long eventId) {
    StatusEntry entry = pending(eventId);
    retryWhileReconnecting(() -> statusStore.storePending(entry).join());
    return entry;
  }

  /// Stores a pending booking of event 1.
  public UUID acceptTicket() {
    return accept(1).ticket().ticketId();
  }

  public static StatusEntry confirmed(StatusEntry pending) {
    Ticket ticket = pending.ticket();
    Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
    return pending.decided(
        ticket.decided(
            TicketStatus.CONFIRMED,
            new Ticket.Booked(42, ticket.seatType(), ticket.quantity(), Money.of("300000.00")),
            now));
  }

  public void confirm(StatusEntry pending) {
    publish(confirmed(pending));
  }

  /// Publishes a decision.
  public void publish(StatusEntry decided) {
    retryWhileReconnecting(() -> statusStore.publish(List.of(decided), 1, null, List.of()));
  }

  public void confirm(UUID ticketId) {
    confirm(statusStore.find(ticketId).orElseThrow());
  }

  public void publishSeats(SeatsView.Change change) {
    statusStore.publish(
        List.of(new StatusStore.Publication(List.of(), 0, null, List.of(), change)));
  }

  public static EventView event(long eventId, int available, long version) {
    return EventView.builder(eventId, "Concert", Instant.parse("2030-12-24T10:00:00Z"))
        .venue("Hall", "Seoul")
        .seatTypes(List.of(new SeatTypeView("VIP", Money.of("150000.00"), 1000, available)))
        .version(version)
        .build();
  }

  public void cacheEvent(long eventId, int available, long version) {
    eventCache.refresh(event(eventId, available, version)).join();
  }

  /// After a restart of Redis, a call may use a broken connection of the pool.
  private static void retryWhileReconnecting(Runnable call) {
    Awaitility.await()
        .pollDelay(Duration.ZERO)
        .pollInSameThread()
        .ignoreExceptionsMatching(failure ->
            failure instanceof RedisUnavailableException
                || failure.getCause() instanceof RedisUnavailableException)
        .atMost(TIMEOUT)
        .untilAsserted(call::run);
  }

  /// Blocks until Redis responds to this client.
  public void awaitRedis() {
    Awaitility.await()
        .ignoreException(RedisUnavailableException.class)
        .atMost(TIMEOUT)
        .until(() -> statusStore.find(UUID.randomUUID()).isEmpty());
  }

  @Override
  public void close() {
    redis.close();
  }
}
