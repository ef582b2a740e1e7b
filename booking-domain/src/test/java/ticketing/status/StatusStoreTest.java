package ticketing.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import ticketing.domain.Command;
import ticketing.domain.Json;
import ticketing.domain.Money;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketIds;
import ticketing.domain.TicketStatus;
import ticketing.local.servers.LocalServers;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisSettings;
import ticketing.status.StatusStore.PublishedDecision;
import ticketing.status.StatusStore.Stored;

/// The board on a real Redis.
class StatusStoreTest {

  private static final AtomicLong EVENTS = new AtomicLong(1_000);
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static RedisGateway redis;
  private static StatusStore board;

  private final long event = EVENTS.incrementAndGet();
  private Instant acceptedAt = Instant.now().truncatedTo(ChronoUnit.MICROS);

  @BeforeAll
  static void connect() {
    redis =
        RedisGateway.connect(
            new RedisSettings(
                List.of(LocalServers.shared().redisAddress()),
                false,
                "",
                Duration.ofSeconds(10),
                1,
                Duration.ofSeconds(1),
                8));
    board =
        new StatusStore(
            redis,
            new StatusStoreSettings(Duration.ofHours(1), Duration.ofHours(1), Duration.ofHours(1)));
  }

  @AfterAll
  static void disconnect() {
    redis.close();
  }

  @Test
  void positionCountsTheUndecidedAheadOfTheSameEvent() {
    List<StatusEntry> line = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      line.add(pending());
    }
    List<CompletableFuture<Stored>> opened = line.stream().map(board::storePending).toList();
    opened.forEach(CompletableFuture::join);
    for (int place = 0; place < 500; place += 99) {
      assertThat(position(line.get(place))).isEqualTo(place);
    }
    board.publish(
        line.subList(0, 100).stream().map(this::confirmed).toList(), 100, null, List.of());
    assertThat(position(line.get(499))).isEqualTo(399);
    assertThat(board.find(line.getFirst().ticket().ticketId()).orElseThrow().ticket().status())
        .isEqualTo(TicketStatus.CONFIRMED);
    assertThat(board.oldestPending(List.of(event))).contains(line.get(100).ticket().acceptedAt());
  }

  @Test
  void decisionReplacesGivingUpButNotTheOtherWayRound() {
    StatusEntry pending = pending();
    board.storePending(pending).join();
    UUID id = pending.ticket().ticketId();
    Queue<String> heard = new ConcurrentLinkedQueue<>();
    board.subscribe(
        announced -> {
          if (announced.ticketId().equals(id)) {
            heard.add(Json.INTERNAL.readTree(announced.json()).path("status").asString());
          }
        },
        () -> {});
    StatusEntry decided = confirmed(pending);
    board.publish(List.of(givenUp(pending)), 0, null, List.of());
    assertThat(board.find(id).orElseThrow().ticket().reason()).isEqualTo(Reason.GAVE_UP);
    board.publish(List.of(decided), 1, null, List.of());
    board.publish(List.of(givenUp(pending)), 0, null, List.of());
    assertThat(board.find(id).orElseThrow()).isEqualTo(decided);
    board.publish(List.of(decided), 0, null, List.of());
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> assertThat(heard).containsExactly("REJECTED", "CONFIRMED", "CONFIRMED"));
  }

  private static StatusEntry givenUp(StatusEntry pending) {
    Ticket ticket = pending.ticket();
    return StatusEntry.decided(
        pending.owner(),
        pending.fingerprint(),
        new Ticket(
            ticket.ticketId(),
            ticket.action(),
            TicketStatus.REJECTED,
            ticket.eventId(),
            ticket.seatType(),
            ticket.quantity(),
            null,
            null,
            ticket.acceptedAt(),
            ticket.acceptedAt().plusSeconds(1),
            null,
            null,
            Reason.GAVE_UP,
            null));
  }

  @Test
  void ticketThatIsThereStaysAsItIs() {
    StatusEntry first = pending();
    assertThat(board.storePending(first).join().earlier()).isEmpty();
    StatusEntry repeat =
        new StatusEntry(first.owner(), "other", UUID.randomUUID(), null, first.ticket());
    assertThat(board.storePending(repeat).join().earlier())
        .hasValueSatisfying(there -> assertThat(there.attempt()).isEqualTo(first.attempt()));
    board.publish(List.of(confirmed(first)), 1, null, List.of());
    assertThat(board.storePending(repeat).join().ticket().status())
        .isEqualTo(TicketStatus.CONFIRMED);
    // A late repeat does not wait in the line.
    await().atMost(PATIENCE).until(() -> board.oldestPending(List.of(event)).isEmpty());
  }

  @Test
  void onlyTheAttemptThatPutItUpCanWithdrawIt() {
    StatusEntry first = pending();
    board.storePending(first).join();
    StatusEntry second =
        new StatusEntry(first.owner(), null, UUID.randomUUID(), null, first.ticket());
    board.claimPending(second).join();
    board.removePending(first).join();
    assertThat(board.find(first.ticket().ticketId())).isPresent();
    board.removePending(second).join();
    assertThat(board.find(first.ticket().ticketId())).isEmpty();
  }

  @Test
  void decidedTicketCannotBeWithdrawnOrClaimed() {
    StatusEntry entry = pending();
    board.storePending(entry).join();
    board.publish(List.of(confirmed(entry)), 1, null, List.of());
    board.removePending(entry).join();
    assertThat(board.claimPending(entry).join().ticket().status())
        .isEqualTo(TicketStatus.CONFIRMED);
  }

  @Test
  void everyDecisionIsHeardAsClientsWillSeeIt() {
    Queue<PublishedDecision> heard = new ConcurrentLinkedQueue<>();
    board.subscribe(heard::add, () -> {});
    List<StatusEntry> decided = List.of(confirmed(pending()), confirmed(pending()));
    board.publish(decided, 2, null, List.of());
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(heard)
                    .contains(
                        decided.stream()
                            .map(StatusEntry::ticket)
                            .map(
                                ticket ->
                                    new PublishedDecision(
                                        ticket.ticketId(),
                                        null,
                                        Json.INTERNAL.writeValueAsString(ticket)))
                            .toArray(PublishedDecision[]::new)));
  }

  private StatusEntry pending() {
    acceptedAt = acceptedAt.plus(10, ChronoUnit.MICROS);
    return StatusEntry.pending(
        new Command.BookSeats(TicketIds.newId(), "7", event, "VIP", 1, acceptedAt, null));
  }

  private long position(StatusEntry entry) {
    return board.find(entry.ticket().ticketId()).orElseThrow().ticket().position();
  }

  private StatusEntry confirmed(StatusEntry pending) {
    Ticket ticket = pending.ticket();
    return StatusEntry.decided(
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
            acceptedAt,
            42L,
            null,
            null,
            Money.of("10.00")));
  }
}
