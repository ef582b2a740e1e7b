package ticketing.security;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;
import org.redisson.client.codec.StringCodec;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisSubscription;

/// Access tokens that were revoked before they expired: a local copy of the table `revoked_tokens`,
/// so that no request calls a server to verify its token.
///
/// New revocations arrive by the Redis channel `revoked-tokens`, and by regular reads of the
/// database (ingress-api) or of ingress-api (notifier), also while Redis is unavailable. Safe for
/// use by several threads. The number of tokens is bounded.
public final class RevokedTokens implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(RevokedTokens.class);

  private static final String CHANNEL = "revoked-tokens";
  private static final int MAX_RECENT = 10_000; // tokens
  private static final int DROPPED_SHARE = 10; // of a full copy, one part in ten is dropped

  private record Addition(RevokedToken token, long nanos) {}

  private final RedisGateway redis;
  private final Clock clock;
  private final int maxTokens;
  private final ConcurrentSkipListMap<UUID, Long> keptUntil = new ConcurrentSkipListMap<>();
  private final Deque<Addition> recent = new ArrayDeque<>(); // guarded by itself
  private long recentSince = System.nanoTime(); // guarded by recent
  private int size; // guarded by this
  private RedisSubscription subscription;

  public RevokedTokens(RedisGateway redis, RevocationSettings settings, Clock clock) {
    this.redis = redis;
    this.clock = clock;
    this.maxTokens = settings.maxTokens();
  }

  public boolean isRevoked(UUID tokenId) {
    return keptUntil.containsKey(tokenId);
  }

  /// @param revocationIds see [VerifiedToken#revocationIds]
  public boolean isAnyRevoked(List<UUID> revocationIds) {
    for (UUID id : revocationIds) {
      if (keptUntil.containsKey(id)) {
        return true;
      }
    }
    return false;
  }

  /// Adds revocations that this process has read or made. Known ones are skipped.
  public void add(Collection<RevokedToken> tokens) {
    put(tokens).forEach(this::remember);
  }

  /// Adds revocations of the time ahead of this process. [#learnedWithin] does not return them.
  public void addEarlier(Collection<RevokedToken> tokens) {
    put(tokens);
  }

  /// @return the new ones
  private synchronized List<RevokedToken> put(Collection<RevokedToken> tokens) {
    List<RevokedToken> added = new ArrayList<>();
    for (RevokedToken token : tokens) {
      if (keptUntil.putIfAbsent(token.id(), token.keptUntil()) == null) {
        added.add(token);
      }
    }
    size += added.size();
    if (size > maxTokens) {
      shrink();
    }
    return added;
  }

  private void remember(RevokedToken token) {
    synchronized (recent) {
      recent.addLast(new Addition(token, System.nanoTime()));
      if (recent.size() > MAX_RECENT) {
        recentSince = recent.removeFirst().nanos();
      }
    }
  }

  /// Removes expired tokens.
  public synchronized void removeExpired() {
    long now = clock.instant().getEpochSecond();
    keptUntil.values().removeIf(end -> end < now);
    size = keptUntil.size();
  }

  private void shrink() {
    removeExpired();
    if (size > maxTokens) {
      keptUntil.entrySet().stream()
          .sorted(Map.Entry.comparingByValue(Comparator.naturalOrder()))
          .limit(size - maxTokens + maxTokens / DROPPED_SHARE)
          .map(Map.Entry::getKey)
          .toList()
          .forEach(keptUntil::remove);
      log.error("too many revoked tokens, dropped={} max={}", size - keptUntil.size(), maxTokens);
      size = keptUntil.size();
    }
  }

  /// Returns the revocations that this process has learned within the duration, or empty if it no
  /// longer knows all of them. Then read all [#after] pages.
  public Optional<List<RevokedToken>> learnedWithin(Duration duration) {
    long start = System.nanoTime() - duration.toNanos();
    List<RevokedToken> learned = new ArrayList<>();
    synchronized (recent) {
      if (recentSince - start > 0) {
        return Optional.empty();
      }
      Iterator<Addition> newestFirst = recent.descendingIterator();
      while (newestFirst.hasNext()) {
        Addition addition = newestFirst.next();
        if (addition.nanos() - start < 0) {
          break;
        }
        learned.add(addition.token());
      }
    }
    return Optional.of(learned);
  }

  /// Returns a page of all revocations, in order of their ids.
  ///
  /// @param id last id of the previous page; null: first page
  public List<RevokedToken> after(UUID id, int maxTokens) {
    var rest = id == null ? keptUntil : keptUntil.tailMap(id, false);
    return rest.entrySet().stream()
        .limit(maxTokens)
        .map(entry -> new RevokedToken(entry.getKey(), entry.getValue()))
        .toList();
  }

  /// Publishes a revocation to all processes. A failure is ignored, because they read it too.
  public void publish(RevokedToken token) {
    redis
        .<Object>async(client ->
            client
                .getTopic(CHANNEL, StringCodec.INSTANCE)
                .publishAsync(token.message())
                .thenApply(receivers -> (Object) receivers))
        .exceptionally(failure -> null);
  }

  /// Subscribes to the channel, with retries until Redis is available.
  public void subscribe() {
    subscription =
        RedisSubscription.start(
            CHANNEL,
            () ->
                redis.subscribe(client ->
                    client
                        .getTopic(CHANNEL, StringCodec.INSTANCE)
                        .addListener(String.class, (channel, message) -> received(message))));
  }

  private void received(String message) {
    try {
      add(List.of(RevokedToken.parse(message)));
    } catch (IllegalArgumentException e) {
      redis.reportUnreadable("channel " + CHANNEL, "no revocation");
    }
  }

  @Override
  public void close() {
    if (subscription != null) {
      subscription.close();
    }
  }
}
