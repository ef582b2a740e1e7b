package ticketing.status;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.redisson.api.BatchOptions;
import org.redisson.api.RBatch;
import org.redisson.api.RScript.Mode;
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

/// Where everybody looks up the state of a ticket: Redis keys `ticket:{ticketId}`, the waiting line
/// `waiting:{eventId}` of each event, and the channel `tickets` on which decisions are announced.
///
/// The board is a copy. The truth about a decided ticket is its row in `tickets`; the truth about
/// an undecided one is its message on the queue. So every method may fail with
/// [RedisUnavailableException], and nothing is lost by it.
public final class StatusStore {

  private static final String CHANNEL = "tickets";
  private static final String OPEN = RedisGateway.script(StatusStore.class, "open.lua");
  private static final String WITHDRAW = RedisGateway.script(StatusStore.class, "withdraw.lua");
  private static final String GIVE_UP = RedisGateway.script(StatusStore.class, "give_up.lua");
  private static final String PACE = RedisGateway.script(StatusStore.class, "pace.lua");

  /// Most tickets in one round trip, and most round trips of a kind at a time.
  private static final int TOGETHER = 200;

  private static final int ROUND_TRIPS = 2;

  private final RedisGateway redis;
  private final StatusStoreSettings settings;
  private final BatchingExecutor<Put, Stored> puts;
  private final BatchingExecutor<UUID, Optional<StatusEntry>> finds;

  public StatusStore(RedisGateway redis, StatusStoreSettings settings) {
    this.redis = redis;
    this.settings = settings;
    this.puts = new BatchingExecutor<>("board-open", TOGETHER, ROUND_TRIPS, this::put);
    this.finds = new BatchingExecutor<>("board-find", TOGETHER, ROUND_TRIPS, this::findEach);
  }

  private record Put(StatusEntry pending, String mode) {}

  /// What putting up a pending ticket found.
  ///
  /// @param earlier the entry that was there already and stays as it is, if there was one
  /// @param ticket the ticket put up, or the one that was there, with its place in the waiting line
  public record Stored(Optional<StatusEntry> earlier, Ticket ticket) {}

  /// Puts up a pending ticket. If the ticket is already on the board it stays as it is. The stage
  /// fails with [RedisUnavailableException].
  public CompletableFuture<Stored> storePending(StatusEntry pending) {
    return puts.submit(new Put(pending, "new"));
  }

  /// Puts up a pending ticket again, in the name of this attempt, unless it has been decided; so
  /// that another attempt that failed cannot withdraw what this one has queued.
  public CompletableFuture<Stored> claimPending(StatusEntry pending) {
    return puts.submit(new Put(pending, "claim"));
  }

  private List<Stored> put(List<Put> puts) {
    Set<Long> events =
        puts.stream().map(put -> put.pending().ticket().eventId()).collect(Collectors.toSet());
    Map<Long, Object> rates = new HashMap<>();
    List<?> answers =
        read(
            batch -> {
              puts.forEach(put -> addTo(batch, put));
              for (long event : events) {
                batch
                    .getScoredSortedSet(line(event), StringCodec.INSTANCE)
                    .expireAsync(settings.pending());
                rate(batch, event);
              }
            });
    int last = 3 * puts.size();
    for (long event : events) {
      rates.put(event, answers.get(last + 1));
      last += 2;
    }
    List<Stored> opened = new ArrayList<>(puts.size());
    for (int i = 0; i < puts.size(); i++) {
      Ticket ticket = puts.get(i).pending().ticket();
      opened.add(
          opened(
              ticket,
              Optional.ofNullable((String) answers.get(3 * i)).map(StatusStore::parse),
              answers.get(3 * i + 2),
              rates.get(ticket.eventId())));
    }
    return opened;
  }

  private void addTo(RBatch batch, Put put) {
    Ticket ticket = put.pending().ticket();
    String id = ticket.ticketId().toString();
    batch
        .getScript(StringCodec.INSTANCE)
        .<String>evalAsync(
            key(ticket.ticketId()),
            Mode.READ_WRITE,
            OPEN,
            ReturnType.VALUE,
            List.of(key(ticket.ticketId())),
            Json.INTERNAL.writeValueAsString(put.pending()),
            seconds(settings.pending()),
            put.mode());
    var line = batch.<String>getScoredSortedSet(line(ticket.eventId()), StringCodec.INSTANCE);
    line.addIfAbsentAsync(micros(ticket), id);
    line.rankAsync(id);
  }

  private Stored opened(Ticket ticket, Optional<StatusEntry> there, Object rank, Object rate) {
    if (there.isPresent() && there.get().ticket().status().isFinal()) {
      // It was decided before it came into the line: it does not wait.
      leave(ticket);
    }
    long place = rank instanceof Number number ? number.longValue() : 0;
    return new Stored(
        there,
        there.map(StatusEntry::ticket).orElse(ticket).withPosition(place, wait(place, rate)));
  }

  private CompletableFuture<Void> leave(Ticket ticket) {
    return redis
        .<Boolean>async(
            client ->
                client
                    .getScoredSortedSet(line(ticket.eventId()), StringCodec.INSTANCE)
                    .removeAsync(ticket.ticketId().toString()))
        .thenAccept(left -> {});
  }

  private static void rate(RBatch batch, long eventId) {
    batch.<String, String>getMap(pace(eventId), StringCodec.INSTANCE).getAsync("rate");
  }

  /// Takes a pending ticket off the board, unless another attempt put it there or it is decided.
  public CompletableFuture<Void> removePending(StatusEntry pending) {
    UUID ticketId = pending.ticket().ticketId();
    return redis
        .<Long>async(
            client ->
                client
                    .getScript(StringCodec.INSTANCE)
                    .evalAsync(
                        key(ticketId),
                        Mode.READ_WRITE,
                        WITHDRAW,
                        ReturnType.LONG,
                        List.of(key(ticketId)),
                        pending.attempt().toString()))
        .thenCompose(
            gone ->
                gone == 0
                    ? CompletableFuture.<Void>completedFuture(null)
                    : leave(pending.ticket()));
  }

  /// The ticket, with its place in the waiting line if it is undecided.
  ///
  /// @throws RedisUnavailable if the board cannot be read
  public Optional<StatusEntry> find(UUID ticketId) {
    return RedisGateway.await(finds.submit(ticketId));
  }

  private List<Optional<StatusEntry>> findEach(List<UUID> ticketIds) {
    Map<UUID, StatusEntry> found = findAll(ticketIds);
    return ticketIds.stream().map(id -> Optional.ofNullable(found.get(id))).toList();
  }

  /// As [#find(UUID)], for many in two round trips; those that are not on the board are left out.
  ///
  /// @throws RedisUnavailable if the board cannot be read
  public Map<UUID, StatusEntry> findAll(Collection<UUID> ticketIds) {
    if (ticketIds.isEmpty()) {
      return Map.of();
    }
    Map<UUID, StatusEntry> found = new HashMap<>();
    List<StatusEntry> waiting = new ArrayList<>();
    for (Object json :
        read(
            batch ->
                ticketIds.forEach(
                    id -> batch.getBucket(key(id), StringCodec.INSTANCE).getAsync()))) {
      if (json != null) {
        StatusEntry entry = parse((String) json);
        found.put(entry.ticket().ticketId(), entry);
        if (!entry.ticket().status().isFinal()) {
          waiting.add(entry);
        }
      }
    }
    for (StatusEntry entry : withPlaces(waiting)) {
      found.put(entry.ticket().ticketId(), entry);
    }
    return found;
  }

  private List<StatusEntry> withPlaces(List<StatusEntry> waiting) {
    if (waiting.isEmpty()) {
      return waiting;
    }
    List<?> answers =
        read(
            batch -> {
              for (StatusEntry entry : waiting) {
                Ticket ticket = entry.ticket();
                batch
                    .getScoredSortedSet(line(ticket.eventId()), StringCodec.INSTANCE)
                    .rankAsync(ticket.ticketId().toString());
                rate(batch, ticket.eventId());
              }
            });
    List<StatusEntry> placed = new ArrayList<>(waiting.size());
    for (int i = 0; i < waiting.size(); i++) {
      long position = answers.get(2 * i) instanceof Number rank ? rank.longValue() : 0;
      placed.add(
          waiting
              .get(i)
              .with(
                  waiting
                      .get(i)
                      .ticket()
                      .withPosition(position, wait(position, answers.get(2 * i + 1)))));
    }
    return placed;
  }

  private static Long wait(long position, Object rate) {
    double perSecond = rate == null ? 0 : Double.parseDouble((String) rate);
    return perSecond <= 0 ? null : (long) Math.ceil((position + 1) / perSecond);
  }

  /// When the oldest undecided request of these events was accepted; empty if none waits.
  ///
  /// @throws RedisUnavailable if the board cannot be read
  public Optional<Instant> oldestPending(Collection<Long> eventIds) {
    if (eventIds.isEmpty()) {
      return Optional.empty();
    }
    return read(
            batch ->
                eventIds.forEach(
                    id ->
                        batch.getScoredSortedSet(line(id), StringCodec.INSTANCE).firstScoreAsync()))
        .stream()
        .filter(Objects::nonNull)
        .map(score -> ((Number) score).longValue())
        .min(Long::compare)
        .map(micros -> Instant.EPOCH.plus(micros, ChronoUnit.MICROS));
  }

  /// The tickets that stand in the waiting lines of these events since before a time, the longest
  /// waiting first.
  ///
  /// @param most of each event
  /// @throws RedisUnavailable if the board cannot be read
  public List<UUID> pendingSince(Collection<Long> eventIds, Instant before, int most) {
    if (eventIds.isEmpty()) {
      return List.of();
    }
    double until = micros(before);
    return read(
            batch ->
                eventIds.forEach(
                    id ->
                        batch
                            .<String>getScoredSortedSet(line(id), StringCodec.INSTANCE)
                            .valueRangeAsync(0, true, until, false, 0, most)))
        .stream()
        .flatMap(ids -> ((Collection<?>) ids).stream())
        .map(id -> UUID.fromString((String) id))
        .toList();
  }

  private List<?> read(Consumer<RBatch> commands) {
    return redis.call(
        client -> {
          RBatch batch = batch(client);
          commands.accept(batch);
          return batch.execute().getResponses();
        });
  }

  /// Stores decisions, takes them out of the waiting lines, tells all who listen and refreshes the
  /// event's copy, in one round trip (one for each node of a cluster). Repeating it is harmless. A
  /// decision replaces `GAVE_UP`, which is the one second state there may be; `GAVE_UP` never
  /// replaces a decision.
  ///
  /// @param fresh how many of them were decided just now, for the pace; repeats do not count
  /// @param event the event after these decisions, or null if it has not changed
  /// @param reservations ids of reservations that were changed: their copies are removed
  /// @throws RedisUnavailable if that cannot be done now
  public void publish(
      Collection<StatusEntry> decided, int fresh, EventView event, Collection<Long> reservations) {
    if (decided.isEmpty() && event == null) {
      return;
    }
    redis.call(
        client -> {
          RBatch batch = batch(client);
          StringBuilder lines = new StringBuilder(decided.size() * 400);
          Map<Long, List<Object>> leaving = new HashMap<>();
          for (StatusEntry entry : decided) {
            Ticket ticket = entry.ticket();
            leaving
                .computeIfAbsent(ticket.eventId(), id -> new ArrayList<>())
                .add(ticket.ticketId().toString());
            if (ticket.reason() == Reason.GAVE_UP) {
              addGivingUp(batch, entry);
            } else {
              batch
                  .getBucket(key(ticket.ticketId()), StringCodec.INSTANCE)
                  .setAsync(Json.INTERNAL.writeValueAsString(entry), settings.decided());
              lines.append(line(entry)).append('\n');
            }
          }
          leaving.forEach(
              (eventId, ids) -> {
                batch.getScoredSortedSet(line(eventId), StringCodec.INSTANCE).removeAllAsync(ids);
                batch
                    .getScript(StringCodec.INSTANCE)
                    .evalAsync(
                        pace(eventId),
                        Mode.READ_WRITE,
                        PACE,
                        ReturnType.LONG,
                        List.of(pace(eventId)),
                        String.valueOf(fresh));
              });
          for (Long reservation : reservations) {
            batch.getBucket("reservation:" + reservation, StringCodec.INSTANCE).deleteAsync();
          }
          if (event != null) {
            EventCache.addRefresh(batch, event, settings.event());
          }
          if (!lines.isEmpty()) {
            batch.getTopic(CHANNEL, StringCodec.INSTANCE).publishAsync(lines.toString());
          }
          return batch.execute();
        });
  }

  /// It may come late: the ticket may have been redriven and decided since.
  private void addGivingUp(RBatch batch, StatusEntry entry) {
    String key = key(entry.ticket().ticketId());
    batch
        .getScript(StringCodec.INSTANCE)
        .evalAsync(
            key,
            Mode.READ_WRITE,
            GIVE_UP,
            ReturnType.LONG,
            List.of(key),
            Json.INTERNAL.writeValueAsString(entry),
            seconds(settings.decided()),
            CHANNEL,
            line(entry));
  }

  private static String line(StatusEntry entry) {
    return entry.ticket().ticketId()
        + (entry.trace() == null ? " " : " " + entry.trace() + " ")
        + Json.INTERNAL.writeValueAsString(entry.ticket());
  }

  /// A decision as it was announced.
  ///
  /// @param trace see [StatusEntry]
  /// @param json the public ticket, ready to be sent
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

  /// Hears every announcement from now on. What was announced before or while the connection was
  /// down is not repeated: so subscribe first, then read, and read again when `resubscribed` runs.
  ///
  /// @throws RedisUnavailable if Redis is down; it is up to the caller to try again
  public void subscribe(Consumer<PublishedDecision> listener, Runnable resubscribed) {
    redis.call(
        client -> {
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
                  // Only this process's own shutdown unsubscribes.
                }
              });
        });
    // The channel may have been subscribed before the second listener came to hear of it.
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

  private static String line(long eventId) {
    return "waiting:" + eventId;
  }

  private static String pace(long eventId) {
    return "pace:" + eventId;
  }

  private static double micros(Ticket ticket) {
    return micros(ticket.acceptedAt());
  }

  private static double micros(Instant instant) {
    return instant.getEpochSecond() * 1e6 + instant.getNano() / 1e3;
  }

  public static String seconds(Duration duration) {
    return String.valueOf(Math.max(1, duration.toSeconds()));
  }
}
