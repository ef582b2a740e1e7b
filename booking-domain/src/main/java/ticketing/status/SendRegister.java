package ticketing.status;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.redisson.api.BatchOptions;
import org.redisson.api.RBatch;
import org.redisson.api.RScript.Mode;
import org.redisson.api.RScript.ReturnType;
import org.redisson.api.RedissonClient;
import org.redisson.client.codec.StringCodec;
import org.redisson.client.protocol.ScoredEntry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import ticketing.redis.CommandBatch;
import ticketing.redis.RedisErrorReplyException;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisUnavailableException;

/// Redis register of the commands that ingress processes have stored and not sent yet. It shows
/// which entries of the waiting lines are abandoned after the crash of a process.
///
/// A process registers a command with its entry ([StatusStore#storePending]) and removes it after
/// the send, in batches. It renews a lease in the meantime. A registered command of a process
/// without lease was probably not sent. It may also be queued, because the removal is late by up to
/// a fifth of the lease. The register is a hint: its loss only delays the removal of entries.
public final class SendRegister {

  private static final Logger log = LoggerFactory.getLogger(SendRegister.class);

  private static final int RENEWALS_PER_LEASE = 5;
  private static final int MAX_FINISHED = 100_000; // further ones stay registered
  private static final int MAX_REMOVED = 1_000; // commands in one call
  private static final Duration TIME_TO_LIVE = Duration.ofDays(1); // without renewal

  private static final String SENDERS = "senders";
  private static final String LINES = "waiting-lines";
  private static final String ADD_SENDS = RedisGateway.script(SendRegister.class, "add_sends.lua");
  private static final String RENEW_LEASE =
      RedisGateway.script(SendRegister.class, "renew_lease.lua");
  private static final String FIND_EXPIRED_SENDERS =
      RedisGateway.script(SendRegister.class, "find_expired_senders.lua");
  private static final String REMOVE_EXPIRED_SENDER =
      RedisGateway.script(SendRegister.class, "remove_expired_sender.lua");

  private final RedisGateway redis;
  private final SendRegisterSettings settings;

  public SendRegister(RedisGateway redis, SendRegisterSettings settings) {
    this.redis = redis;
    this.settings = settings;
  }

  /// Registered command.
  ///
  /// @param attemptId attempt that stored the entry of the ticket
  /// @param acceptedAt in milliseconds
  public record Send(UUID ticketId, long eventId, UUID attemptId, Instant acceptedAt) {

    static Send of(StatusEntry pending) {
      return new Send(
          pending.ticket().ticketId(),
          pending.ticket().eventId(),
          pending.attemptId(),
          pending.ticket().acceptedAt().truncatedTo(ChronoUnit.MILLIS));
    }

    private String member() {
      return ticketId + " " + eventId + " " + attemptId;
    }

    /// Empty if the text is no registered command.
    private static Optional<Send> parse(String member, double epochMillis) {
      String[] parts = member.split(" ");
      try {
        return parts.length == 3
            ? Optional.of(
                new Send(
                    UUID.fromString(parts[0]),
                    Long.parseLong(parts[1]),
                    UUID.fromString(parts[2]),
                    Instant.ofEpochMilli((long) epochMillis)))
            : Optional.empty();
      } catch (IllegalArgumentException e) {
        return Optional.empty();
      }
    }
  }

  /// Starts the lease of this process, until it is closed. The lease precedes the first command
  /// that is registered, unless Redis is down.
  public Sender startSender() {
    return new Sender();
  }

  /// Lease and registered commands of this process. Safe for use by several threads.
  public final class Sender implements AutoCloseable {

    private final String instance = UUID.randomUUID().toString();
    private final BlockingQueue<String> finished = new LinkedBlockingQueue<>(MAX_FINISHED);
    private final Set<Long> events = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService scheduler =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("send-register").factory());

    private Sender() {
      renew();
      long interval = settings.lease().dividedBy(RENEWALS_PER_LEASE).toMillis();
      scheduler.scheduleWithFixedDelay(this::renew, interval, interval, TimeUnit.MILLISECONDS);
    }

    /// Adds a command to a batch that registers several commands.
    void addTo(CommandBatch batch, Collection<StatusEntry> pending) {
      List<Object> arguments = new ArrayList<>(2 * pending.size());
      for (StatusEntry entry : pending) {
        arguments.add(String.valueOf(entry.ticket().acceptedAt().toEpochMilli()));
        arguments.add(Send.of(entry).member());
        events.add(entry.ticket().eventId());
      }
      batch.run(key(instance), ADD_SENDS, arguments.toArray());
    }

    /// Removes a command with the next batch: it is queued, decided, or refused and no longer in
    /// the status store. Does not block.
    public void finish(StatusEntry pending) {
      finished.offer(Send.of(pending).member());
    }

    private void renew() {
      try {
        redis.call(client ->
            client
                .getScript(StringCodec.INSTANCE)
                .<Long>eval(
                    SENDERS,
                    Mode.READ_WRITE,
                    RENEW_LEASE,
                    ReturnType.LONG,
                    List.of(SENDERS),
                    instance,
                    String.valueOf(settings.lease().toMillis()),
                    RedisGateway.seconds(TIME_TO_LIVE)));
        addLines();
        removeFinished();
      } catch (RedisUnavailableException e) {
        log.debug("cannot renew lease of sender, cause={}", e.getMessage());
      } catch (RuntimeException e) {
        // Any exception would end the schedule.
        log.warn("cannot renew lease of sender", e);
      }
    }

    private void addLines() {
      Set<Long> added = new HashSet<>(events);
      if (!added.isEmpty()) {
        List<String> ids = added.stream().map(String::valueOf).toList();
        call(LINES, client -> client.<String>getSet(LINES, StringCodec.INSTANCE).addAll(ids));
        events.removeAll(added);
      }
    }

    private void removeFinished() {
      List<String> members = new ArrayList<>();
      do {
        members.clear();
        finished.drainTo(members, MAX_REMOVED);
        try {
          removeMembers(instance, members);
        } catch (RedisUnavailableException e) {
          members.forEach(finished::offer);
          throw e;
        }
      } while (members.size() == MAX_REMOVED);
    }

    /// Removes the finished commands. Others are abandoned when the lease ends.
    @Override
    public void close() {
      scheduler.shutdownNow();
      try {
        removeFinished();
      } catch (RedisUnavailableException e) {
        log.debug("cannot remove sent commands, cause={}", e.getMessage());
      }
    }
  }

  /// Returns processes without lease, those without it for the longest time first.
  ///
  /// @throws RedisUnavailableException if Redis is down
  public List<String> findExpiredSenders(int limit) {
    return redis.call(client ->
        client
            .getScript(StringCodec.INSTANCE)
            .<List<String>>eval(
                SENDERS,
                Mode.READ_ONLY,
                FIND_EXPIRED_SENDERS,
                ReturnType.LIST,
                List.of(SENDERS),
                String.valueOf(limit)));
  }

  /// Returns registered commands of a process, oldest first.
  ///
  /// @throws RedisUnavailableException if Redis is down
  public List<Send> findSends(String instance, int limit) {
    Collection<ScoredEntry<String>> members =
        call(
            key(instance),
            client ->
                client
                    .<String>getScoredSortedSet(key(instance), StringCodec.INSTANCE)
                    .entryRange(0, limit - 1));
    return members.stream()
        .flatMap(member -> Send.parse(member.getValue(), member.getScore()).stream())
        .toList();
  }

  /// Removes registered commands of a process.
  ///
  /// @throws RedisUnavailableException if Redis is down
  public void remove(String instance, Collection<Send> sends) {
    removeMembers(instance, sends.stream().map(Send::member).toList());
  }

  /// Removes a process, unless it has renewed its lease.
  ///
  /// @throws RedisUnavailableException if Redis is down
  public void removeExpiredSender(String instance) {
    redis.call(client ->
        client
            .getScript(StringCodec.INSTANCE)
            .<Long>eval(
                SENDERS,
                Mode.READ_WRITE,
                REMOVE_EXPIRED_SENDER,
                ReturnType.LONG,
                List.of(SENDERS),
                instance));
  }

  /// Returns a random sample of the events that may have a waiting line.
  ///
  /// @throws RedisUnavailableException if Redis is down
  public Set<Long> sampleLines(int limit) {
    Set<String> ids =
        call(LINES, client -> client.<String>getSet(LINES, StringCodec.INSTANCE).random(limit));
    Set<Long> events = HashSet.newHashSet(ids.size());
    for (String id : ids) {
      try {
        events.add(Long.valueOf(id));
      } catch (NumberFormatException e) {
        log.debug("no event id in the index of waiting lines, value={}", id);
      }
    }
    return events;
  }

  /// Adds an event to the index of waiting lines.
  ///
  /// @throws RedisUnavailableException if Redis is down
  public void addLine(long eventId) {
    call(
        LINES,
        client -> client.<String>getSet(LINES, StringCodec.INSTANCE).add(String.valueOf(eventId)));
  }

  /// Removes an event from the index of waiting lines, because its line is empty.
  ///
  /// @throws RedisUnavailableException if Redis is down
  public void removeLine(long eventId) {
    call(
        LINES,
        client ->
            client.<String>getSet(LINES, StringCodec.INSTANCE).remove(String.valueOf(eventId)));
  }

  private void removeMembers(String instance, Collection<String> members) {
    if (members.isEmpty()) {
      return;
    }
    call(
        key(instance),
        client -> {
          RBatch batch = client.createBatch(BatchOptions.defaults());
          var sends = batch.<String>getScoredSortedSet(key(instance), StringCodec.INSTANCE);
          sends.removeAllAsync(members);
          sends.expireAsync(TIME_TO_LIVE);
          return batch.execute();
        });
  }

  /// Runs a call that is harmless when repeated. A value of another type is evicted first.
  private <T> T call(String key, Function<RedissonClient, T> call) {
    try {
      return redis.call(call);
    } catch (RedisErrorReplyException e) {
      redis.reportUnreadable(key, e.getMessage());
      redis.call(client -> client.getKeys().unlink(key));
      return redis.call(call);
    }
  }

  private static String key(String instance) {
    return "sending:" + instance;
  }
}
