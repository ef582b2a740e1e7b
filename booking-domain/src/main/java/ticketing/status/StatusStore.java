package ticketing.status;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.redisson.api.RScript;
import org.redisson.api.RScript.ReturnType;
import org.redisson.client.codec.ByteArrayCodec;
import org.redisson.client.codec.StringCodec;
import org.redisson.client.protocol.ScoredEntry;
import ticketing.concurrent.BatchingExecutor;
import ticketing.domain.Action;
import ticketing.domain.EventView;
import ticketing.domain.Json;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.seatmap.SeatsView;
import ticketing.redis.CommandBatch;
import ticketing.redis.CommandBatch.Reply;
import ticketing.redis.RedisGateway;
import ticketing.status.UndecidedTickets.Owner;

/// Redis copy of the ticket states: keys `ticket:{ticketId}`, the waiting line of each event, and
/// the channel `tickets` on which decisions are published. An unreadable value counts as absent.
///
/// The authoritative state of a decided ticket is its row in `tickets`, that of an undecided ticket
/// is its message in the queue. Every method may fail with [RedisUnavailableException].
public final class StatusStore {

  private static final String CHANNEL = "tickets";
  private static final String STORE_PENDING =
      RedisGateway.script(StatusStore.class, "store_pending.lua");
  private static final String REMOVE_PENDING =
      RedisGateway.script(StatusStore.class, "remove_pending.lua");
  private static final String STORE_GIVEN_UP =
      RedisGateway.script(StatusStore.class, "store_given_up.lua");
  private static final String UPDATE_RATE =
      RedisGateway.script(StatusStore.class, "update_rate.lua");
  private static final String FIND_RATE = RedisGateway.script(StatusStore.class, "find_rate.lua");

  private static final int MAX_BATCH_SIZE = 200; // tickets
  private static final int MAX_CONCURRENCY = 2; // round trips of one kind
  private static final Duration LINGER = Duration.ofMillis(1);
  private static final Duration REFUSAL_TIME = Duration.ofSeconds(10);
  private static final int MESSAGE_LENGTH = 400; // characters, estimated

  private final RedisGateway redis;
  private final StatusStoreSettings settings;
  private final SendRegister.@Nullable Sender sender;
  private final BatchingExecutor<PendingEntry, Optional<Stored>> pendingStores;
  private final BatchingExecutor<UUID, Optional<StatusEntry>> lookups;

  /// Creates a store for a process that sends no commands.
  public StatusStore(RedisGateway redis, StatusStoreSettings settings) {
    this(redis, settings, null);
  }

  /// @param sender registers each command that [#storePending] stores; null: none
  public StatusStore(
      RedisGateway redis, StatusStoreSettings settings, SendRegister.@Nullable Sender sender) {
    this.redis = redis;
    this.settings = settings;
    this.sender = sender;
    this.pendingStores =
        new BatchingExecutor<>(
            "store-pending", MAX_BATCH_SIZE, MAX_CONCURRENCY, LINGER, this::storeAllPending);
    this.lookups =
        new BatchingExecutor<>(
            "find-status", MAX_BATCH_SIZE, MAX_CONCURRENCY, LINGER, this::findEach);
  }

  private enum Mode {
    /// Stores only if the ticket is absent.
    NEW,
    /// Only replaces a pending entry.
    CLAIM
  }

  private record PendingEntry(StatusEntry entry, Mode mode, int maxUndecided) {}

  /// Result of storing a pending ticket.
  ///
  /// @param earlier entry that was stored earlier and is kept
  /// @param ticket ticket of the kept or stored entry, with its position in the waiting line
  /// @param overLimit true if the ticket is not stored: its user has too many undecided bookings
  public record Stored(Optional<StatusEntry> earlier, Ticket ticket, boolean overLimit) {}

  /// Stores a pending ticket. A stored entry of the same ticket is kept. The stage fails with
  /// [RedisUnavailableException].
  public CompletableFuture<Stored> storePending(StatusEntry pending) {
    return storePending(pending, Integer.MAX_VALUE);
  }

  /// Stores a pending ticket as [#storePending(StatusEntry)], unless it is a booking and its user
  /// has the maximum of undecided bookings for the event. Concurrent calls never exceed it. An
  /// eviction makes it lenient. Store and limit are one round trip; the removal of a refused ticket
  /// takes two more.
  public CompletableFuture<Stored> storePending(StatusEntry pending, int maxUndecided) {
    return pendingStores
        .submit(new PendingEntry(pending, Mode.NEW, maxUndecided))
        .thenApply(stored -> stored.orElseThrow(RedisGateway::refused))
        .thenCompose(stored ->
            stored.overLimit()
                ? removePending(pending).thenApply(_ -> stored)
                : CompletableFuture.completedFuture(stored));
  }

  /// Replaces the pending entry of another attempt. A failed earlier attempt can then no longer
  /// remove the entry. Empty if the store has no entry: the ticket may be decided, so none is
  /// created. The stage fails with [RedisUnavailableException].
  public CompletableFuture<Optional<Stored>> claimPending(StatusEntry pending) {
    return pendingStores.submit(new PendingEntry(pending, Mode.CLAIM, Integer.MAX_VALUE));
  }

  /// The result is empty for a ticket that Redis refused to store, or without an entry to claim.
  private List<Optional<Stored>> storeAllPending(List<PendingEntry> pending) {
    Map<Long, List<Ticket>> byEvent =
        pending.stream()
            .map(one -> one.entry().ticket())
            .collect(Collectors.groupingBy(Ticket::eventId, Collectors.toList()));
    List<StatusEntry> unsent =
        sender == null
            ? List.of()
            : pending.stream()
                .filter(one -> one.mode() == Mode.NEW)
                .map(PendingEntry::entry)
                .toList();
    Map<UUID, Deque<Reply<byte[]>>> kept = new HashMap<>();
    Map<Long, LineReplies> lines = new HashMap<>();
    List<UndecidedReply> undecided = new ArrayList<>();
    redis.execute(batch -> {
      if (!unsent.isEmpty()) {
        // Registered first: a crash between the two leaves no unregistered entry.
        sender.addTo(batch, unsent);
      }
      for (PendingEntry one : pending) {
        kept.computeIfAbsent(one.entry().ticket().ticketId(), id -> new ArrayDeque<>())
            .add(store(batch, one));
      }
      byEvent.forEach((eventId, tickets) ->
          lines.put(
              eventId,
              new LineReplies(
                  WaitingLine.add(batch, eventId, tickets, settings.pending()),
                  findRate(batch, eventId))));
      addConfirmations(batch, pending);
      undecided.addAll(addUndecided(batch, pending));
    });
    Set<UUID> refusedAttempts =
        undecided.stream().flatMap(UndecidedReply::refusedAttempts).collect(Collectors.toSet());
    Map<UUID, Long> positions = new HashMap<>();
    byEvent.forEach((eventId, tickets) -> lines.get(eventId).addPositions(tickets, positions));
    return pending.stream()
        .map(one -> {
          Ticket ticket = one.entry().ticket();
          return stored(
              one.entry(),
              kept.get(ticket.ticketId()).remove(),
              positions.getOrDefault(ticket.ticketId(), 0L),
              lines.get(ticket.eventId()).rate(),
              refusedAttempts.contains(one.entry().attemptId()));
        })
        .toList();
  }

  /// A claim follows its first storage. After the decision it would add the ticket again.
  private void addConfirmations(CommandBatch batch, List<PendingEntry> pending) {
    pending.stream()
        .filter(one -> one.mode() == Mode.NEW)
        .map(one -> one.entry().ticket())
        .filter(ticket -> ticket.action() == Action.CONFIRM)
        .collect(Collectors.groupingBy(Ticket::eventId))
        .forEach((eventId, tickets) ->
            UndecidedConfirmations.add(batch, eventId, tickets, settings.pending()));
  }

  /// Reply for the tickets of one bucket.
  private record UndecidedReply(List<StatusEntry> entries, Reply<List<Long>> added) {

    private Stream<UUID> refusedAttempts() {
      return IntStream.range(0, entries.size())
          .filter(i -> UndecidedTickets.isRefused(added, i))
          .mapToObj(i -> entries.get(i).attemptId());
    }
  }

  private List<UndecidedReply> addUndecided(CommandBatch batch, List<PendingEntry> pending) {
    Map<Integer, List<PendingEntry>> byBucket =
        pending.stream()
            .filter(one -> one.mode() == Mode.NEW)
            .collect(Collectors.groupingBy(one -> Owner.of(one.entry().owner()).bucket()));
    List<UndecidedReply> replies = new ArrayList<>(byBucket.size());
    byBucket.forEach((bucket, entries) -> {
      List<UndecidedTickets.Addition> additions =
          entries.stream()
              .map(one ->
                  new UndecidedTickets.Addition(
                      Owner.of(one.entry().owner()),
                      one.entry().ticket(),
                      one.entry().ticket().action().requestsSeats()
                          ? one.maxUndecided()
                          : Integer.MAX_VALUE))
              .toList();
      replies.add(
          new UndecidedReply(
              entries.stream().map(PendingEntry::entry).toList(),
              UndecidedTickets.add(batch, bucket, additions, settings.pending())));
    });
    return replies;
  }

  private static void removeUndecided(CommandBatch batch, Collection<StatusEntry> decided) {
    decided.stream()
        .collect(
            Collectors.groupingBy(
                entry -> Owner.of(entry.owner()).bucket(),
                Collectors.mapping(entry -> entry.ticket().ticketId(), Collectors.toList())))
        .forEach((bucket, ticketIds) -> UndecidedTickets.remove(batch, bucket, ticketIds));
  }

  /// Returns the ids of the undecided tickets of a user, newest first, at most
  /// [UndecidedTickets#MAX_TICKETS]. Decided tickets, and in rare cases those of another user, are
  /// among them: the caller verifies state and owner. After an eviction the tickets that were
  /// accepted earlier are missing.
  ///
  /// @throws RedisUnavailableException if the ids cannot be read
  public List<UUID> findUndecided(String userId) {
    Owner owner = Owner.of(userId);
    return UndecidedTickets.ids(readUndecided(owner), owner);
  }

  /// Returns the undecided bookings of a user for an event, as [#findUndecided].
  ///
  /// @throws RedisUnavailableException if the ids cannot be read
  public List<UUID> findUndecidedBookings(String userId, long eventId) {
    Owner owner = Owner.of(userId);
    return UndecidedTickets.bookings(readUndecided(owner), owner, eventId);
  }

  private Reply<byte[]> readUndecided(Owner owner) {
    AtomicReference<Reply<byte[]>> found = new AtomicReference<>();
    redis.execute(batch -> found.set(UndecidedTickets.find(batch, owner)));
    return found.get();
  }

  /// Removes decided tickets from the undecided tickets of a user.
  ///
  /// @throws RedisUnavailableException if the tickets may still be among them
  public void removeUndecided(String userId, Collection<UUID> ticketIds) {
    if (!ticketIds.isEmpty()) {
      redis.execute(batch -> UndecidedTickets.remove(batch, Owner.of(userId).bucket(), ticketIds));
    }
  }

  /// Replies for the tickets of one event.
  private record LineReplies(Reply<List<Long>> positions, Reply<String> rate) {

    void addPositions(List<Ticket> tickets, Map<UUID, Long> all) {
      List<Long> found = positions.value().orElse(List.of());
      for (int i = 0; i < found.size(); i++) {
        all.put(tickets.get(i).ticketId(), found.get(i));
      }
    }
  }

  private Reply<byte[]> store(CommandBatch batch, PendingEntry pending) {
    String key = key(pending.entry().ticket().ticketId());
    return batch.writeByScript(
        key,
        STORE_PENDING,
        ByteArrayCodec.INSTANCE,
        ReturnType.VALUE,
        List.of(key),
        StatusEntryCodec.encode(pending.entry()),
        bytes(RedisGateway.seconds(settings.pending())),
        bytes(pending.mode().name().toLowerCase(Locale.ROOT)));
  }

  private Optional<Stored> stored(
      StatusEntry pending,
      Reply<byte[]> reply,
      long position,
      Reply<String> rate,
      boolean refused) {
    Ticket ticket = pending.ticket();
    if (reply.isError() || reply.value().filter(value -> value.length == 0).isPresent()) {
      return Optional.empty();
    }
    Optional<StatusEntry> kept = reply.value().flatMap(value -> parse(ticket.ticketId(), value));
    if (kept.isPresent() && kept.get().ticket().status().isFinal()) {
      // The batch added a decided ticket to the waiting line.
      removeFromLine(pending);
    }
    return Optional.of(
        new Stored(
            kept,
            kept.map(StatusEntry::ticket)
                .orElse(ticket)
                .withPosition(position, estimatedWaitSeconds(position, rate)),
            refused
                && kept.map(StatusEntry::ticket)
                    .map(earlier -> mayBeRefused(earlier, ticket))
                    .orElse(true)));
  }

  /// The entry of a refused ticket exists until its removal, and a concurrent request may find it.
  private static boolean mayBeRefused(Ticket earlier, Ticket repeated) {
    return !earlier.status().isFinal()
        && repeated.acceptedAt().isBefore(earlier.acceptedAt().plus(REFUSAL_TIME));
  }

  private CompletableFuture<Void> removeFromLine(StatusEntry pending) {
    Ticket ticket = pending.ticket();
    return CompletableFuture.runAsync(
        () ->
            redis.execute(batch -> {
              WaitingLine.remove(batch, ticket.eventId(), lineEntries(List.of(ticket)));
              removeConfirmations(batch, ticket.eventId(), List.of(ticket));
              removeUndecided(batch, List.of(pending));
            }),
        Thread::startVirtualThread);
  }

  private static void removeConfirmations(CommandBatch batch, long eventId, List<Ticket> tickets) {
    List<UUID> confirmations =
        tickets.stream()
            .filter(ticket -> ticket.action() == Action.CONFIRM)
            .map(Ticket::ticketId)
            .toList();
    if (!confirmations.isEmpty()) {
      UndecidedConfirmations.remove(batch, eventId, confirmations);
    }
  }

  private static Reply<String> findRate(CommandBatch batch, long eventId) {
    String key = rateKey(eventId);
    return batch.readByScript(key, FIND_RATE, StringCodec.INSTANCE, ReturnType.VALUE, List.of(key));
  }

  /// Removes a pending ticket, unless another attempt stored it or it is decided. The stage fails
  /// with [RedisUnavailableException].
  public CompletableFuture<Void> removePending(StatusEntry pending) {
    UUID ticketId = pending.ticket().ticketId();
    return redis
        .<Long>async(client ->
            client
                .getScript(ByteArrayCodec.INSTANCE)
                .evalAsync(
                    key(ticketId),
                    RScript.Mode.READ_WRITE,
                    REMOVE_PENDING,
                    ReturnType.LONG,
                    List.of(key(ticketId)),
                    bytes(pending.attemptId().toString()),
                    StatusEntryCodec.bytes(pending.attemptId()),
                    StatusEntryCodec.compactAttempt(pending)))
        .thenCompose(removed ->
            removed == 0 ? CompletableFuture.<Void>completedFuture(null) : removeFromLine(pending));
  }

  /// Returns the entry of a ticket, with its position in the waiting line if it is undecided.
  ///
  /// @throws RedisUnavailableException if the entry cannot be read
  public Optional<StatusEntry> find(UUID ticketId) {
    return RedisGateway.await(lookups.submit(ticketId));
  }

  private List<Optional<StatusEntry>> findEach(List<UUID> ticketIds) {
    Map<UUID, StatusEntry> found = findAll(ticketIds);
    return ticketIds.stream().map(id -> Optional.ofNullable(found.get(id))).toList();
  }

  /// Returns the entries of several tickets, as [#find(UUID)], in two round trips. Absent tickets
  /// are omitted.
  ///
  /// @throws RedisUnavailableException if the entries cannot be read
  public Map<UUID, StatusEntry> findAll(Collection<UUID> ticketIds) {
    if (ticketIds.isEmpty()) {
      return Map.of();
    }
    Map<UUID, Reply<byte[]>> values = new HashMap<>();
    redis.execute(batch ->
        ticketIds.forEach(id ->
            values.put(
                id,
                batch.read(
                    key(id),
                    commands ->
                        commands.<byte[]>getBucket(key(id), ByteArrayCodec.INSTANCE).getAsync()))));
    Map<UUID, StatusEntry> found = new HashMap<>();
    values.forEach((id, value) ->
        value.value().flatMap(entry -> parse(id, entry)).ifPresent(entry -> found.put(id, entry)));
    List<StatusEntry> pending =
        found.values().stream().filter(entry -> !entry.ticket().status().isFinal()).toList();
    for (StatusEntry entry : withPositions(pending)) {
      found.put(entry.ticket().ticketId(), entry);
    }
    return found;
  }

  private List<StatusEntry> withPositions(List<StatusEntry> pending) {
    if (pending.isEmpty()) {
      return pending;
    }
    Map<Long, List<Ticket>> byEvent =
        pending.stream()
            .map(StatusEntry::ticket)
            .collect(Collectors.groupingBy(Ticket::eventId, Collectors.toList()));
    Map<Long, LineReplies> lines = new HashMap<>();
    redis.execute(batch ->
        byEvent.forEach((eventId, tickets) ->
            lines.put(
                eventId,
                new LineReplies(
                    WaitingLine.findPositions(batch, eventId, tickets),
                    findRate(batch, eventId)))));
    Map<UUID, Long> positions = new HashMap<>();
    byEvent.forEach((eventId, tickets) -> lines.get(eventId).addPositions(tickets, positions));
    return pending.stream()
        .map(entry -> {
          Ticket ticket = entry.ticket();
          long position = positions.getOrDefault(ticket.ticketId(), 0L);
          Long wait = estimatedWaitSeconds(position, lines.get(ticket.eventId()).rate());
          return entry.withTicket(ticket.withPosition(position, wait));
        })
        .toList();
  }

  private static Long estimatedWaitSeconds(long position, Reply<String> rate) {
    double perSecond = rate.value().map(StatusStore::parseRate).orElse(0.0);
    return perSecond > 0 ? (long) Math.ceil((position + 1) / perSecond) : null;
  }

  /// Zero if the rate is unreadable.
  private static double parseRate(String rate) {
    try {
      double perSecond = Double.parseDouble(rate);
      return Double.isFinite(perSecond) ? perSecond : 0;
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  /// Returns the acceptance time of the oldest undecided command of these events.
  ///
  /// @throws RedisUnavailableException if the waiting lines cannot be read
  public Optional<Instant> oldestPending(Collection<Long> eventIds) {
    List<Reply<List<byte[]>>> oldest = new ArrayList<>(eventIds.size());
    redis.execute(
        batch -> eventIds.forEach(id -> oldest.add(WaitingLine.findOldest(batch, id, 1))));
    return oldest.stream()
        .flatMap(reply -> WaitingLine.entries(reply).stream())
        .map(LineEntry::acceptedAt)
        .min(Comparator.naturalOrder());
  }

  /// Entry of a waiting line.
  ///
  /// @param acceptedAt in microseconds; to remove the entry, milliseconds are sufficient
  public record LineEntry(UUID ticketId, Instant acceptedAt) {}

  /// Returns the first entries of a waiting line, oldest first.
  ///
  /// @throws RedisUnavailableException if the waiting line cannot be read
  public List<LineEntry> findOldest(long eventId, int limit) {
    AtomicReference<Reply<List<byte[]>>> oldest = new AtomicReference<>();
    redis.execute(batch -> oldest.set(WaitingLine.findOldest(batch, eventId, limit)));
    return WaitingLine.entries(oldest.get()).stream()
        .sorted(Comparator.comparing(LineEntry::acceptedAt))
        .limit(limit)
        .toList();
  }

  /// Returns the acceptance time of the oldest undecided confirmation of an event. A confirmation
  /// whose [#storePending] is complete is found until its decision is published.
  ///
  /// @param excluded tickets that are ignored; the call reads one entry more than these
  /// @throws RedisUnavailableException if the confirmations cannot be read
  public Optional<Instant> oldestConfirmation(long eventId, Collection<UUID> excluded) {
    AtomicReference<Reply<Collection<ScoredEntry<String>>>> found = new AtomicReference<>();
    redis.execute(
        batch -> found.set(UndecidedConfirmations.find(batch, eventId, excluded.size() + 1)));
    return UndecidedConfirmations.oldest(found.get(), excluded);
  }

  /// Removes tickets from a waiting line and from the undecided confirmations. Their entries in the
  /// status store remain.
  ///
  /// @throws RedisUnavailableException if the tickets may still be in the line
  public void removeFromLine(long eventId, Collection<LineEntry> entries) {
    if (!entries.isEmpty()) {
      redis.execute(batch -> {
        WaitingLine.remove(batch, eventId, entries);
        UndecidedConfirmations.remove(
            batch, eventId, entries.stream().map(LineEntry::ticketId).toList());
      });
    }
  }

  /// Decisions to be published.
  ///
  /// @param newDecisions number of first decisions among them, for the rate of each of their events
  /// @param event event after these decisions; null if it has not changed
  /// @param reservations ids of changed reservations; their cached values are removed
  /// @param seats changed bitmaps of numbered seats; null: none changed
  public record Publication(
      Collection<StatusEntry> decided,
      int newDecisions,
      @Nullable EventView event,
      Collection<Long> reservations,
      SeatsView.@Nullable Change seats) {

    private boolean isEmpty() {
      return decided.isEmpty() && event == null && seats == null;
    }
  }

  /// As [#publish(List)], without changed bitmaps.
  public void publish(
      Collection<StatusEntry> decided,
      int newDecisions,
      @Nullable EventView event,
      Collection<Long> reservations) {
    publish(List.of(new Publication(decided, newDecisions, event, reservations, null)));
  }

  /// Stores decisions, removes them from the waiting lines and caches the events, then publishes
  /// the decisions. The publication is a second round trip: the nodes of a cluster run the commands
  /// of one batch in any order, and a subscriber that reads a published ticket must find it
  /// decided. Idempotent. A decision replaces `GAVE_UP`; `GAVE_UP` never replaces a decision.
  ///
  /// @throws RedisUnavailableException if Redis is down or refuses a decision
  public void publish(List<Publication> publications) {
    if (publications.stream().allMatch(Publication::isEmpty)) {
      return;
    }
    StringBuilder lines = new StringBuilder();
    List<Reply<?>> stores = new ArrayList<>();
    redis.execute(
        batch -> publications.forEach(publication -> store(batch, publication, stores, lines)));
    if (stores.stream().anyMatch(Reply::isError)) {
      throw RedisGateway.refused();
    }
    if (!lines.isEmpty()) {
      redis.publish(CHANNEL, lines.toString());
    }
  }

  private void store(
      CommandBatch batch, Publication publication, List<Reply<?>> stores, StringBuilder lines) {
    lines.ensureCapacity(lines.length() + publication.decided().size() * MESSAGE_LENGTH);
    Map<Long, List<Ticket>> byEvent = new HashMap<>();
    for (StatusEntry entry : publication.decided()) {
      Ticket ticket = entry.ticket();
      byEvent.computeIfAbsent(ticket.eventId(), id -> new ArrayList<>()).add(ticket);
      if (ticket.reason() == Reason.GAVE_UP) {
        stores.add(storeGivenUp(batch, entry));
      } else {
        String key = key(ticket.ticketId());
        stores.add(
            batch.write(
                key,
                commands ->
                    commands
                        .getBucket(key, ByteArrayCodec.INSTANCE)
                        .setAsync(StatusEntryCodec.encode(entry), settings.decided())));
        lines.append(message(entry)).append('\n');
      }
    }
    byEvent.forEach((eventId, tickets) -> {
      WaitingLine.remove(batch, eventId, lineEntries(tickets));
      removeConfirmations(batch, eventId, tickets);
      updateRate(batch, eventId, publication.newDecisions());
    });
    removeUndecided(batch, publication.decided());
    for (Long reservation : publication.reservations()) {
      String key = "reservation:" + reservation;
      batch.write(key, commands -> commands.getBucket(key, StringCodec.INSTANCE).deleteAsync());
    }
    if (publication.event() != null) {
      EventCache.addTo(batch, publication.event(), settings.event());
    }
    if (publication.seats() != null) {
      SeatCache.addTo(batch, publication.seats(), settings.event());
    }
  }

  private static List<LineEntry> lineEntries(List<Ticket> tickets) {
    return tickets.stream()
        .map(ticket -> new LineEntry(ticket.ticketId(), ticket.acceptedAt()))
        .toList();
  }

  private static void updateRate(CommandBatch batch, long eventId, int newDecisions) {
    batch.run(rateKey(eventId), UPDATE_RATE, String.valueOf(newDecisions));
  }

  /// The script keeps a decision that a redrive made in the meantime.
  private Reply<Long> storeGivenUp(CommandBatch batch, StatusEntry entry) {
    return batch.run(
        key(entry.ticket().ticketId()),
        STORE_GIVEN_UP,
        Json.INTERNAL.writeValueAsString(entry),
        RedisGateway.seconds(settings.decided()),
        CHANNEL,
        message(entry));
  }

  private static String message(StatusEntry entry) {
    return entry.ticket().ticketId()
        + (entry.trace() == null ? " " : " " + entry.trace() + " ")
        + Json.INTERNAL.writeValueAsString(entry.ticket());
  }

  /// Published decision.
  ///
  /// @param trace see [StatusEntry]
  /// @param json ticket as JSON for the client
  public record PublishedDecision(UUID ticketId, String trace, String json) {

    /// Empty if the line is no publication of a decision.
    ///
    /// @param line `<ticket id> <json>` or `<ticket id> <trace> <json>`
    private static Optional<PublishedDecision> parse(String line) {
      int json = line.indexOf('{');
      if (json < 37) {
        return Optional.empty();
      }
      try {
        return Optional.of(
            new PublishedDecision(
                UUID.fromString(line.substring(0, 36)),
                json == 37 ? null : line.substring(37, json - 1),
                line.substring(json)));
      } catch (IllegalArgumentException e) {
        return Optional.empty();
      }
    }
  }

  /// Subscribes to the published decisions. Decisions published while the connection is down are
  /// not repeated: subscribe first, then read, and read again when `resubscribed` runs.
  ///
  /// @throws RedisUnavailableException if Redis is down; the caller must try again
  public void subscribe(Consumer<PublishedDecision> listener, Runnable resubscribed) {
    redis.subscribe(
        CHANNEL,
        lines -> lines.lines().forEach(line -> PublishedDecision.parse(line).ifPresent(listener)),
        resubscribed);
  }

  /// Empty if the entry is unreadable.
  private Optional<StatusEntry> parse(UUID ticketId, byte[] value) {
    Optional<StatusEntry> entry = StatusEntryCodec.decode(ticketId, value);
    if (entry.isEmpty()) {
      redis.reportUnreadable(key(ticketId), "no entry of this ticket");
    }
    return entry;
  }

  /// Deletes all that [#publish] stored for these tickets and this event, which no user has.
  ///
  /// @throws RedisUnavailableException if the keys may still exist
  public void forget(long eventId, Collection<UUID> ticketIds) {
    List<String> keys = new ArrayList<>(EventCache.keys(eventId));
    keys.add(rateKey(eventId));
    ticketIds.forEach(id -> keys.add(key(id)));
    redis.call(client -> client.getKeys().delete(keys.toArray(String[]::new)));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String key(UUID ticketId) {
    return "ticket:" + ticketId;
  }

  private static String rateKey(long eventId) {
    return "rate:" + eventId;
  }
}
