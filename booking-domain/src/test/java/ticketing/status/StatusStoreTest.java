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
import ticketing.domain.TicketStatus;
import ticketing.redis.RedisGateway;
import ticketing.status.StatusStore.PublishedDecision;
import ticketing.status.StatusStore.Stored;

/// Status store on a Redis server.
class StatusStoreTest {

  private static final AtomicLong EVENTS = new AtomicLong(1_000);
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private static RedisGateway redis;
  private static StatusStore store;

  private final long event = EVENTS.incrementAndGet();
  private Instant acceptedAt = Instant.now().truncatedTo(ChronoUnit.MICROS);

  @BeforeAll
  static void connect() {
    redis = TestRedis.connect(1);
    store =
        new StatusStore(
            redis,
            new StatusStoreSettings(Duration.ofHours(1), Duration.ofHours(1), Duration.ofHours(1)));
  }

  @AfterAll
  static void disconnect() {
    redis.close();
  }

  @Test
  void positionCountsUndecidedCommandsAheadOfTheEvent() {
    List<StatusEntry> entries = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      entries.add(pending());
    }
    List<CompletableFuture<Stored>> stored = entries.stream().map(store::storePending).toList();
    stored.forEach(CompletableFuture::join);
    for (int position = 0; position < 500; position += 99) {
      assertThat(position(entries.get(position))).isEqualTo(position);
    }
    store.publish(
        entries.subList(0, 100).stream().map(this::confirmed).toList(), 100, null, List.of());
    assertThat(position(entries.get(499))).isEqualTo(399);
    assertThat(store.find(entries.getFirst().ticket().ticketId()).orElseThrow().ticket().status())
        .isEqualTo(TicketStatus.CONFIRMED);
    assertThat(store.oldestPending(List.of(event)))
        .contains(entries.get(100).ticket().acceptedAt());
  }

  @Test
  void decisionReplacesGaveUpButNotViceVersa() {
    StatusEntry pending = pending();
    store.storePending(pending).join();
    UUID id = pending.ticket().ticketId();
    Queue<String> published = new ConcurrentLinkedQueue<>();
    store.subscribe(
        decision -> {
          if (decision.ticketId().equals(id)) {
            published.add(Json.INTERNAL.readTree(decision.json()).path("status").asString());
          }
        },
        () -> {});
    StatusEntry decided = confirmed(pending);
    store.publish(List.of(givenUp(pending)), 0, null, List.of());
    assertThat(store.find(id).orElseThrow().ticket().reason()).isEqualTo(Reason.GAVE_UP);
    store.publish(List.of(decided), 1, null, List.of());
    store.publish(List.of(givenUp(pending)), 0, null, List.of());
    assertThat(store.find(id).orElseThrow()).isEqualTo(decided);
    store.publish(List.of(decided), 0, null, List.of());
    await()
        .atMost(TIMEOUT)
        .untilAsserted(
            () -> assertThat(published).containsExactly("REJECTED", "CONFIRMED", "CONFIRMED"));
  }

  private static StatusEntry givenUp(StatusEntry pending) {
    Ticket ticket = pending.ticket();
    return pending.decided(ticket.rejected(Reason.GAVE_UP, ticket.acceptedAt().plusSeconds(1)));
  }

  @Test
  void storedEntryIsKept() {
    StatusEntry first = pending();
    assertThat(store.storePending(first).join().earlier()).isEmpty();
    StatusEntry repeat = otherAttempt(first);
    assertThat(store.storePending(repeat).join().earlier())
        .hasValueSatisfying(kept -> assertThat(kept.attemptId()).isEqualTo(first.attemptId()));
    store.publish(List.of(confirmed(first)), 1, null, List.of());
    assertThat(store.storePending(repeat).join().ticket().status())
        .isEqualTo(TicketStatus.CONFIRMED);
    // The repetition leaves no entry in the waiting line.
    await().atMost(TIMEOUT).until(() -> store.oldestPending(List.of(event)).isEmpty());
  }

  @Test
  void undecidedConfirmationIsFoundUntilItsDecision() {
    store.storePending(pending()).join();
    assertThat(store.oldestConfirmation(event, List.of())).isEmpty();
    List<StatusEntry> confirmations = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      confirmations.add(pendingConfirmation());
      store.storePending(confirmations.get(i)).join();
    }
    List<UUID> ids = confirmations.stream().map(StatusEntry::ticket).map(Ticket::ticketId).toList();
    assertThat(store.oldestConfirmation(event, List.of()))
        .contains(confirmations.getFirst().ticket().acceptedAt());
    assertThat(store.oldestConfirmation(event, ids.subList(0, 2)))
        .contains(confirmations.get(2).ticket().acceptedAt());
    assertThat(store.oldestConfirmation(event, ids)).isEmpty();
    store.publish(List.of(rejected(confirmations.get(0))), 1, null, List.of());
    store.publish(List.of(givenUp(confirmations.get(1))), 0, null, List.of());
    store.removePending(confirmations.get(2)).join();
    assertThat(store.oldestConfirmation(event, List.of()))
        .contains(confirmations.get(3).ticket().acceptedAt());
    // A claim after the decision restores no entry.
    store.publish(List.of(rejected(confirmations.get(3))), 1, null, List.of());
    store.claimPending(confirmations.get(3)).join();
    assertThat(store.oldestConfirmation(event, List.of())).isEmpty();
  }

  private StatusEntry pendingConfirmation() {
    acceptedAt = acceptedAt.plus(10, ChronoUnit.MICROS);
    return StatusEntry.pending(
        new Command.ConfirmHold(UUID.randomUUID(), "7", event, 42, acceptedAt));
  }

  private static StatusEntry rejected(StatusEntry pending) {
    Ticket ticket = pending.ticket();
    return pending.decided(ticket.rejected(Reason.HOLD_EXPIRED, ticket.acceptedAt()));
  }

  @Test
  void onlyTheStoringAttemptCanRemoveAnEntry() {
    StatusEntry first = pending();
    store.storePending(first).join();
    StatusEntry second = otherAttempt(first);
    store.claimPending(second).join();
    store.removePending(first).join();
    assertThat(store.find(first.ticket().ticketId())).isPresent();
    store.removePending(second).join();
    assertThat(store.find(first.ticket().ticketId())).isEmpty();
  }

  @Test
  void decidedTicketCannotBeRemovedOrClaimed() {
    StatusEntry entry = pending();
    store.storePending(entry).join();
    store.publish(List.of(confirmed(entry)), 1, null, List.of());
    store.removePending(entry).join();
    assertThat(store.claimPending(entry).join().orElseThrow().ticket().status())
        .isEqualTo(TicketStatus.CONFIRMED);
  }

  @Test
  void claimCreatesNoEntry() {
    StatusEntry evicted = pending();
    assertThat(store.claimPending(evicted).join()).isEmpty();
    assertThat(store.find(evicted.ticket().ticketId())).isEmpty();
  }

  @Test
  void gaveUpCreatesNoEntry() {
    StatusEntry evicted = pending();
    UUID id = evicted.ticket().ticketId();
    Queue<UUID> published = new ConcurrentLinkedQueue<>();
    store.subscribe(decision -> published.add(decision.ticketId()), () -> {});
    store.publish(List.of(givenUp(evicted)), 0, null, List.of());
    await().atMost(TIMEOUT).until(() -> published.contains(id));
    assertThat(store.find(id)).isEmpty();
  }

  @Test
  void publishedDecisionContainsThePublicTicket() {
    Queue<PublishedDecision> published = new ConcurrentLinkedQueue<>();
    store.subscribe(published::add, () -> {});
    List<StatusEntry> decided = List.of(confirmed(pending()), confirmed(pending()));
    store.publish(decided, 2, null, List.of());
    await()
        .atMost(TIMEOUT)
        .untilAsserted(() ->
            assertThat(published)
                .contains(
                    decided.stream()
                        .map(StatusEntry::ticket)
                        .map(ticket ->
                            new PublishedDecision(
                                ticket.ticketId(), null, Json.INTERNAL.writeValueAsString(ticket)))
                        .toArray(PublishedDecision[]::new)));
  }

  private static StatusEntry otherAttempt(StatusEntry first) {
    Ticket ticket = first.ticket();
    return StatusEntry.pending(
        new Command.BookSeats(
            ticket.ticketId(),
            first.owner(),
            ticket.eventId(),
            ticket.seatType(),
            ticket.quantity(),
            ticket.acceptedAt()));
  }

  private StatusEntry pending() {
    acceptedAt = acceptedAt.plus(10, ChronoUnit.MICROS);
    return StatusEntry.pending(
        new Command.BookSeats(UUID.randomUUID(), "7", event, "VIP", 1, acceptedAt));
  }

  private long position(StatusEntry entry) {
    return store.find(entry.ticket().ticketId()).orElseThrow().ticket().position();
  }

  private StatusEntry confirmed(StatusEntry pending) {
    Ticket ticket = pending.ticket();
    return pending.decided(
        ticket.decided(
            TicketStatus.CONFIRMED,
            new Ticket.Booked(42, ticket.seatType(), ticket.quantity(), Money.of("10.00")),
            acceptedAt));
  }
}
