package ticketing.status;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.redisson.api.BatchOptions;
import org.redisson.api.RBatch;
import org.redisson.api.RScript;
import org.redisson.api.RScript.ReturnType;
import org.redisson.api.RTopic;
import org.redisson.api.RedissonClient;
import org.redisson.api.listener.StatusListener;
import org.redisson.client.codec.StringCodec;
import ticketing.concurrent.BatchingExecutor;
import ticketing.domain.EventView;
import ticketing.domain.Json;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.redis.RedisGateway;

/// Redis copy of the ticket states: keys `ticket:{ticketId}`, the waiting line `waiting:{eventId}`
/// of each event, and the channel `tickets` on which decisions are published.
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

  private static final String ABSENT = ""; // answer to a claim, see store_pending.lua

  private static final int MAX_BATCH_SIZE = 200; // tickets
  private static final int MAX_CONCURRENCY = 2; // round trips of one kind
  private static final int MESSAGE_LENGTH = 400; // characters, estimated

  private final RedisGateway redis;
  private final StatusStoreSettings settings;
  private final SendRegister.@Nullable Sender sender;
  private final BatchingExecutor<PendingEntry, Optional<Stored>> stores;
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
    this.stores =
        new BatchingExecutor<>(
            "store-pending", MAX_BATCH_SIZE, MAX_CONCURRENCY, this::storeAllPending);
    this.lookups =
        new BatchingExecutor<>("find-status", MAX_BATCH_SIZE, MAX_CONCURRENCY, this::findEach);
  }

  private enum Mode {
    /// Stores only if the ticket is absent.
    NEW,
    /// Only replaces a pending entry.
    CLAIM
  }

  private record PendingEntry(StatusEntry entry, Mode mode) {}

  /// Result of storing a pending ticket.
  ///
  /// @param earlier entry that was stored earlier and is kept
  /// @param ticket ticket of the kept or stored entry, with its position in the waiting line
  public record Stored(Optional<StatusEntry> earlier, Ticket ticket) {}

  /// Stores a pending ticket. A stored entry of the same ticket is kept. The stage fails with
  /// [RedisUnavailableException].
  public CompletableFuture<Stored> storePending(StatusEntry pending) {
    return stores.submit(new PendingEntry(pending, Mode.NEW)).thenApply(Optional::orElseThrow);
  }

  /// Replaces the pending entry of another attempt. A failed earlier attempt can then no longer
  /// remove the entry. Empty if the store has no entry: the ticket may be decided, so none is
  /// created. The stage fails with [RedisUnavailableException].
  public CompletableFuture<Optional<Stored>> claimPending(StatusEntry pending) {
    return stores.submit(new PendingEntry(pending, Mode.CLAIM));
  }

  private List<Optional<Stored>> storeAllPending(List<PendingEntry> pending) {
    Set<Long> events =
        pending.stream().map(one -> one.entry().ticket().eventId()).collect(Collectors.toSet());
    List<StatusEntry> unsent =
        sender == null
            ? List.of()
            : pending.stream()
                .filter(one -> one.mode() == Mode.NEW)
                .map(PendingEntry::entry)
                .toList();
    Map<Long, Object> rates = new HashMap<>();
    List<?> responses =
        read(batch -> {
          if (!unsent.isEmpty()) {
            // Registered first: a crash between the two leaves no unregistered entry.
            sender.addTo(batch, unsent);
          }
          pending.forEach(one -> addTo(batch, one));
          for (long event : events) {
            batch
                .getScoredSortedSet(lineKey(event), StringCodec.INSTANCE)
                .expireAsync(settings.pending());
            addRateLookup(batch, event);
          }
        });
    List<?> answers = responses.subList(unsent.isEmpty() ? 0 : 1, responses.size());
    int last = 3 * pending.size();
    for (long event : events) {
      rates.put(event, answers.get(last + 1));
      last += 2;
    }
    List<Optional<Stored>> results = new ArrayList<>(pending.size());
    for (int i = 0; i < pending.size(); i++) {
      Ticket ticket = pending.get(i).entry().ticket();
      String kept = (String) answers.get(3 * i);
      results.add(
          ABSENT.equals(kept)
              ? Optional.empty()
              : Optional.of(
                  stored(
                      ticket,
                      Optional.ofNullable(kept).map(StatusStore::parse),
                      answers.get(3 * i + 2),
                      rates.get(ticket.eventId()))));
    }
    return results;
  }

  private void addTo(RBatch batch, PendingEntry pending) {
    Ticket ticket = pending.entry().ticket();
    String id = ticket.ticketId().toString();
    batch
        .getScript(StringCodec.INSTANCE)
        .<String>evalAsync(
            key(ticket.ticketId()),
            RScript.Mode.READ_WRITE,
            STORE_PENDING,
            ReturnType.VALUE,
            List.of(key(ticket.ticketId())),
            Json.INTERNAL.writeValueAsString(pending.entry()),
            RedisGateway.seconds(settings.pending()),
            pending.mode().name().toLowerCase(Locale.ROOT));
    var line = batch.<String>getScoredSortedSet(lineKey(ticket.eventId()), StringCodec.INSTANCE);
    line.addIfAbsentAsync(micros(ticket), id);
    line.rankAsync(id);
  }

  private Stored stored(Ticket ticket, Optional<StatusEntry> kept, Object rank, Object rate) {
    if (kept.isPresent() && kept.get().ticket().status().isFinal()) {
      // The script's caller added a decided ticket to the waiting line.
      removeFromLine(ticket);
    }
    long position = rank instanceof Number number ? number.longValue() : 0;
    return new Stored(
        kept,
        kept.map(StatusEntry::ticket)
            .orElse(ticket)
            .withPosition(position, estimatedWaitSeconds(position, rate)));
  }

  private CompletableFuture<Void> removeFromLine(Ticket ticket) {
    return redis
        .<Boolean>async(client ->
            client
                .getScoredSortedSet(lineKey(ticket.eventId()), StringCodec.INSTANCE)
                .removeAsync(ticket.ticketId().toString()))
        .thenAccept(removed -> {});
  }

  private static void addRateLookup(RBatch batch, long eventId) {
    batch.<String, String>getMap(rateKey(eventId), StringCodec.INSTANCE).getAsync("rate");
  }

  /// Removes a pending ticket, unless another attempt stored it or it is decided. The stage fails
  /// with [RedisUnavailableException].
  public CompletableFuture<Void> removePending(StatusEntry pending) {
    UUID ticketId = pending.ticket().ticketId();
    return redis
        .<Long>async(client ->
            client
                .getScript(StringCodec.INSTANCE)
                .evalAsync(
                    key(ticketId),
                    RScript.Mode.READ_WRITE,
                    REMOVE_PENDING,
                    ReturnType.LONG,
                    List.of(key(ticketId)),
                    pending.attemptId().toString()))
        .thenCompose(removed ->
            removed == 0
                ? CompletableFuture.<Void>completedFuture(null)
                : removeFromLine(pending.ticket()));
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
    Map<UUID, StatusEntry> found = new HashMap<>();
    List<StatusEntry> pending = new ArrayList<>();
    for (Object json :
        read(batch ->
            ticketIds.forEach(id -> batch.getBucket(key(id), StringCodec.INSTANCE).getAsync()))) {
      if (json != null) {
        StatusEntry entry = parse((String) json);
        found.put(entry.ticket().ticketId(), entry);
        if (!entry.ticket().status().isFinal()) {
          pending.add(entry);
        }
      }
    }
    for (StatusEntry entry : withPositions(pending)) {
      found.put(entry.ticket().ticketId(), entry);
    }
    return found;
  }

  private List<StatusEntry> withPositions(List<StatusEntry> pending) {
    if (pending.isEmpty()) {
      return pending;
    }
    List<?> answers =
        read(batch -> {
          for (StatusEntry entry : pending) {
            Ticket ticket = entry.ticket();
            batch
                .getScoredSortedSet(lineKey(ticket.eventId()), StringCodec.INSTANCE)
                .rankAsync(ticket.ticketId().toString());
            addRateLookup(batch, ticket.eventId());
          }
        });
    List<StatusEntry> positioned = new ArrayList<>(pending.size());
    for (int i = 0; i < pending.size(); i++) {
      StatusEntry entry = pending.get(i);
      long position = answers.get(2 * i) instanceof Number rank ? rank.longValue() : 0;
      Long wait = estimatedWaitSeconds(position, answers.get(2 * i + 1));
      positioned.add(entry.withTicket(entry.ticket().withPosition(position, wait)));
    }
    return positioned;
  }

  private static Long estimatedWaitSeconds(long position, Object rate) {
    double perSecond = rate == null ? 0 : Double.parseDouble((String) rate);
    return perSecond <= 0 ? null : (long) Math.ceil((position + 1) / perSecond);
  }

  /// Returns the acceptance time of the oldest undecided command of these events.
  ///
  /// @throws RedisUnavailableException if the waiting lines cannot be read
  public Optional<Instant> oldestPending(Collection<Long> eventIds) {
    if (eventIds.isEmpty()) {
      return Optional.empty();
    }
    return read(batch ->
            eventIds.forEach(id ->
                batch.getScoredSortedSet(lineKey(id), StringCodec.INSTANCE).firstScoreAsync()))
        .stream()
        .filter(Objects::nonNull)
        .map(score -> ((Number) score).longValue())
        .min(Long::compare)
        .map(micros -> Instant.EPOCH.plus(micros, ChronoUnit.MICROS));
  }

  /// Entry of a waiting line.
  public record LineEntry(UUID ticketId, Instant acceptedAt) {}

  /// Returns the first entries of a waiting line, oldest first.
  ///
  /// @throws RedisUnavailableException if the waiting line cannot be read
  public List<LineEntry> findOldest(long eventId, int limit) {
    return redis
        .call(client ->
            client
                .<String>getScoredSortedSet(lineKey(eventId), StringCodec.INSTANCE)
                .entryRange(0, limit - 1))
        .stream()
        .map(entry ->
            new LineEntry(
                UUID.fromString(entry.getValue()),
                Instant.EPOCH.plus(entry.getScore().longValue(), ChronoUnit.MICROS)))
        .toList();
  }

  /// Removes tickets from a waiting line. Their entries in the status store remain.
  ///
  /// @throws RedisUnavailableException if the tickets may still be in the line
  public void removeFromLine(long eventId, Collection<UUID> ticketIds) {
    if (!ticketIds.isEmpty()) {
      redis.call(client ->
          client
              .<String>getScoredSortedSet(lineKey(eventId), StringCodec.INSTANCE)
              .removeAll(ticketIds.stream().map(UUID::toString).toList()));
    }
  }

  private List<?> read(Consumer<RBatch> commands) {
    return redis.call(client -> {
      RBatch batch = batch(client);
      commands.accept(batch);
      return batch.execute().getResponses();
    });
  }

  /// Stores decisions, removes them from the waiting lines and caches the event, then publishes the
  /// decisions. The publication is a second round trip: the nodes of a cluster run the commands of
  /// one batch in any order, and a subscriber that reads a published ticket must find it decided.
  /// Idempotent. A decision replaces `GAVE_UP`; `GAVE_UP` never replaces a decision.
  ///
  /// @param newDecisions number of first decisions among them, for the rate
  /// @param event event after these decisions; null if it has not changed
  /// @param reservations ids of changed reservations; their cached values are removed
  /// @throws RedisUnavailableException if Redis is down
  public void publish(
      Collection<StatusEntry> decided,
      int newDecisions,
      @Nullable EventView event,
      Collection<Long> reservations) {
    if (decided.isEmpty() && event == null) {
      return;
    }
    StringBuilder lines = new StringBuilder(decided.size() * MESSAGE_LENGTH);
    redis.call(client -> {
      RBatch batch = batch(client);
      Map<Long, List<Object>> decidedIds = new HashMap<>();
      for (StatusEntry entry : decided) {
        Ticket ticket = entry.ticket();
        decidedIds
            .computeIfAbsent(ticket.eventId(), id -> new ArrayList<>())
            .add(ticket.ticketId().toString());
        if (ticket.reason() == Reason.GAVE_UP) {
          addGivenUp(batch, entry);
        } else {
          batch
              .getBucket(key(ticket.ticketId()), StringCodec.INSTANCE)
              .setAsync(Json.INTERNAL.writeValueAsString(entry), settings.decided());
          lines.append(message(entry)).append('\n');
        }
      }
      decidedIds.forEach((eventId, ids) -> {
        batch.getScoredSortedSet(lineKey(eventId), StringCodec.INSTANCE).removeAllAsync(ids);
        batch
            .getScript(StringCodec.INSTANCE)
            .evalAsync(
                rateKey(eventId),
                RScript.Mode.READ_WRITE,
                UPDATE_RATE,
                ReturnType.LONG,
                List.of(rateKey(eventId)),
                String.valueOf(newDecisions));
      });
      for (Long reservation : reservations) {
        batch.getBucket("reservation:" + reservation, StringCodec.INSTANCE).deleteAsync();
      }
      if (event != null) {
        EventCache.addTo(batch, event, settings.event());
      }
      return batch.execute();
    });
    if (!lines.isEmpty()) {
      redis.call(
          client -> client.getTopic(CHANNEL, StringCodec.INSTANCE).publish(lines.toString()));
    }
  }

  /// The script keeps a decision that a redrive made in the meantime.
  private void addGivenUp(RBatch batch, StatusEntry entry) {
    String key = key(entry.ticket().ticketId());
    batch
        .getScript(StringCodec.INSTANCE)
        .evalAsync(
            key,
            RScript.Mode.READ_WRITE,
            STORE_GIVEN_UP,
            ReturnType.LONG,
            List.of(key),
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

    /// @param line `<ticket id> <json>` or `<ticket id> <trace> <json>`
    private static PublishedDecision parse(String line) {
      int json = line.indexOf('{');
      return new PublishedDecision(
          UUID.fromString(line.substring(0, 36)),
          json == 37 ? null : line.substring(37, json - 1),
          line.substring(json));
    }
  }

  /// Subscribes to the published decisions. Decisions published while the connection is down are
  /// not repeated: subscribe first, then read, and read again when `resubscribed` runs.
  ///
  /// @throws RedisUnavailableException if Redis is down; the caller must try again
  public void subscribe(Consumer<PublishedDecision> listener, Runnable resubscribed) {
    redis.call(client -> {
      RTopic topic = client.getTopic(CHANNEL, StringCodec.INSTANCE);
      topic.addListener(
          String.class,
          (channel, lines) ->
              lines.lines().forEach(line -> listener.accept(PublishedDecision.parse(line))));
      return topic.addListener(
          new StatusListener() {
            @Override
            public void onSubscribe(String channel) {
              resubscribed.run();
            }

            @Override
            public void onUnsubscribe(String channel) {
              // Only the shutdown of this process unsubscribes.
            }
          });
    });
    // The subscription may precede the registration of the second listener.
    resubscribed.run();
  }

  private static RBatch batch(RedissonClient client) {
    return client.createBatch(BatchOptions.defaults());
  }

  private static StatusEntry parse(String json) {
    return Json.INTERNAL.readValue(json, StatusEntry.class);
  }

  private static String key(UUID ticketId) {
    return "ticket:" + ticketId;
  }

  private static String lineKey(long eventId) {
    return "waiting:" + eventId;
  }

  private static String rateKey(long eventId) {
    return "rate:" + eventId;
  }

  private static double micros(Ticket ticket) {
    Instant instant = ticket.acceptedAt();
    return instant.getEpochSecond() * 1e6 + instant.getNano() / 1e3;
  }
}
