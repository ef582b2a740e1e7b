package ticketing.redis;

import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.redisson.Redisson;
import org.redisson.api.RScript;
import org.redisson.api.RTopic;
import org.redisson.api.RedissonClient;
import org.redisson.api.listener.StatusListener;
import org.redisson.client.RedisException;
import org.redisson.client.codec.StringCodec;
import org.redisson.config.BaseConfig;
import org.redisson.config.Config;
import org.redisson.config.ConstantDelay;
import ticketing.concurrent.MonotonicClock;
import ticketing.domain.Json;
import tools.jackson.core.JacksonException;

/// Access to Redis. Every call has a time limit. After repeated connection failures and timeouts a
/// circuit breaker rejects calls immediately. An error reply concerns one key and is not counted.
public final class RedisGateway implements AutoCloseable, MeterBinder {

  private static final int MIN_IDLE_CONNECTIONS = 4; // to one node

  private static final Duration RETRY_DELAY = Duration.ofMillis(100);

  private static final String EVICT_UNREADABLE = script(RedisGateway.class, "evict_unreadable.lua");

  /// No process writes this key.
  private static final String CONNECTION_PROBE_KEY = "connection-probe";

  private final Object subscriptionOrder = new Object();
  private final RedissonClient client;
  private final CircuitBreaker breaker;
  private final LoadedScripts scripts;
  private final UnreadableKeyLog unreadableKeys = new UnreadableKeyLog();

  private RedisGateway(RedissonClient client, CircuitBreaker breaker, LoadedScripts scripts) {
    this.client = client;
    this.breaker = breaker;
    this.scripts = scripts;
  }

  /// Returns a gateway that connects with its first call, so Redis may be down now.
  public static RedisGateway connect(RedisSettings settings) {
    Config config = new Config();
    config.setLazyInitialization(true);
    config.setCodec(StringCodec.INSTANCE);
    // With Redisson's cache, a batch fails after a restart of Redis if it uses several scripts.
    config.setUseScriptCache(false);
    if (!settings.password().isEmpty()) {
      config.setPassword(settings.password());
    }
    if (settings.cluster()) {
      var cluster = config.useClusterServers();
      settings.addresses().forEach(cluster::addNodeAddress);
      cluster.setMasterConnectionPoolSize(settings.connections());
      cluster.setMasterConnectionMinimumIdleSize(
          Math.min(MIN_IDLE_CONNECTIONS, settings.connections()));
      cluster.setSlaveConnectionMinimumIdleSize(1);
      // A ticket is read immediately after it was stored; a replica may lag.
      cluster.setReadMode(org.redisson.config.ReadMode.MASTER);
      setTimeLimits(cluster, settings);
    } else {
      var single = config.useSingleServer();
      single.setAddress(settings.addresses().getFirst());
      single.setConnectionPoolSize(settings.connections());
      single.setConnectionMinimumIdleSize(Math.min(MIN_IDLE_CONNECTIONS, settings.connections()));
      setTimeLimits(single, settings);
    }
    return of(Redisson.create(config), settings);
  }

  /// Returns a gateway over this client, which the gateway closes.
  public static RedisGateway of(RedissonClient client, RedisSettings settings) {
    CircuitBreaker breaker =
        CircuitBreaker.of(
            "redis",
            CircuitBreakerConfig.custom()
                .clock(new MonotonicClock())
                .slidingWindowSize(20)
                .minimumNumberOfCalls(5)
                .failureRateThreshold(50)
                .waitDurationInOpenState(settings.breakerOpenTime())
                .permittedNumberOfCallsInHalfOpenState(2)
                .recordException(failure -> isOutage(unwrap(failure)))
                .build());
    return new RedisGateway(client, breaker, new LoadedScripts(!settings.cluster()));
  }

  private static void setTimeLimits(BaseConfig<?> config, RedisSettings settings) {
    config.setTimeout(Math.toIntExact(settings.timeout().toMillis()));
    config.setConnectTimeout(Math.toIntExact(settings.timeout().toMillis()));
    config.setRetryAttempts(settings.retries());
    // The delay is also the maximum time in which an attempt is written to a connection. On a busy
    // host, a short one causes failures while Redis is available, so the last attempt has more.
    Duration lastDelay = settings.timeout().dividedBy(2);
    config.setRetryDelay(attempt -> attempt < settings.retries() ? RETRY_DELAY : lastDelay);
    config.setReconnectionDelay(new ConstantDelay(Duration.ofMillis(250)));
    config.setPingConnectionInterval(5_000);
  }

  /// Runs a call and returns its result.
  ///
  /// @throws RedisUnavailableException if Redis did not answer in time or the breaker is open
  /// @throws RedisErrorReplyException if Redis answered with an error
  public <T> T call(Function<RedissonClient, T> call) {
    try {
      return breaker.executeSupplier(() -> call.apply(client));
    } catch (RedisException | CallNotPermittedException e) {
      throw unavailable(e);
    } catch (CompletionException e) {
      // The first connection fails with this exception.
      throw translate(e) instanceof RedisUnavailableException unavailable ? unavailable : e;
    }
  }

  /// Subscribes to a channel. An ordinary command connects first, and one subscription starts after
  /// the other: in Redisson, a subscription that fails while it connects blocks the later ones of
  /// its channel.
  ///
  /// @throws RedisUnavailableException if Redis did not answer in time or the breaker is open
  public void subscribe(Consumer<RedissonClient> subscription) {
    synchronized (subscriptionOrder) {
      call(client -> client.getBucket(CONNECTION_PROBE_KEY).isExists());
      call(client -> {
        subscription.accept(client);
        return null;
      });
    }
  }

  /// Subscribes to a text channel. Messages published while the connection is down are lost:
  /// subscribe first, then read, and read again when `resubscribed` runs.
  ///
  /// @throws RedisUnavailableException if Redis did not answer in time or the breaker is open
  public void subscribe(String channel, Consumer<String> listener, Runnable resubscribed) {
    subscribe(client -> {
      RTopic topic = client.getTopic(channel, StringCodec.INSTANCE);
      topic.addListener(String.class, (name, message) -> listener.accept(message));
      topic.addListener(
          new StatusListener() {
            @Override
            public void onSubscribe(String name) {
              resubscribed.run();
            }

            @Override
            public void onUnsubscribe(String name) {
              // Only the shutdown of this process unsubscribes.
            }
          });
    });
    // The subscription may precede the registration of the second listener.
    resubscribed.run();
  }

  /// Publishes a message on a text channel.
  ///
  /// @throws RedisUnavailableException if Redis did not answer in time or the breaker is open
  public void publish(String channel, String message) {
    call(client -> client.getTopic(channel, StringCodec.INSTANCE).publish(message));
  }

  /// Executes commands in one round trip. A command with an error reply has an empty reply, affects
  /// no other command, and its key is logged at most once a minute.
  ///
  /// @throws RedisUnavailableException if Redis did not answer in time or the breaker is open
  public void execute(Consumer<CommandBatch> commands) {
    CommandBatch batch = new CommandBatch(scripts);
    commands.accept(batch);
    call(client -> {
      batch.execute(client, unreadableKeys);
      return null;
    });
  }

  /// Parses a cached value. A value that is unreadable, or not the one of its key, is logged and
  /// evicted in the background, and is a miss.
  ///
  /// @param json null: absent
  /// @param belongsToKey compares the value with its key
  public <T> Optional<T> parse(
      String key, @Nullable String json, Class<T> type, Predicate<T> belongsToKey) {
    if (json == null) {
      return Optional.empty();
    }
    try {
      T value = Json.INTERNAL.readValue(json, type);
      if (value != null && belongsToKey.test(value)) {
        return Optional.of(value);
      }
      reportUnreadable(key, "value of another key");
    } catch (JacksonException e) {
      reportUnreadable(key, e.getClass().getSimpleName());
    }
    this.<Object>async(client ->
        client
            .getScript(StringCodec.INSTANCE)
            .evalAsync(
                key,
                RScript.Mode.READ_WRITE,
                EVICT_UNREADABLE,
                RScript.ReturnType.LONG,
                List.of(key),
                json));
    return Optional.empty();
  }

  /// Returns the failure of a command that Redis refused, see [CommandBatch.Reply#isError].
  public static RedisUnavailableException refused() {
    return new RedisUnavailableException("Redis refused the command", null);
  }

  /// Logs a key with an unreadable value, at most once a minute.
  ///
  /// @param cause without the value
  public void reportUnreadable(String key, String cause) {
    unreadableKeys.report(key, cause);
  }

  /// Starts a call. The stage fails with [RedisUnavailableException].
  public <T> CompletableFuture<T> async(Function<RedissonClient, CompletionStage<T>> call) {
    try {
      return breaker
          .executeCompletionStage(() -> call.apply(client))
          .exceptionallyCompose(failure -> CompletableFuture.failedFuture(translate(failure)))
          .toCompletableFuture();
    } catch (RedisException | CompletionException e) {
      return CompletableFuture.failedFuture(translate(e));
    }
  }

  /// Blocks until the stage of [#async] is complete and returns its result.
  ///
  /// @throws RedisUnavailableException if the stage failed with it
  public static <T> T await(CompletableFuture<T> stage) {
    try {
      return stage.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RedisUnavailableException unavailable ? unavailable : e;
    }
  }

  // The half-open state counts as down.
  private boolean isUp() {
    return breaker.getState() == CircuitBreaker.State.CLOSED;
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    Gauge.builder("ticketing.redis.up", this, redis -> redis.isUp() ? 1 : 0)
        .description("1 while Redis answers, 0 while calls are skipped or tried again")
        .register(registry);
  }

  /// Converts a duration to the text of a script's argument, in seconds, at least 1.
  public static String seconds(Duration duration) {
    return String.valueOf(Math.max(1, duration.toSeconds()));
  }

  /// Returns the source text of a Lua script.
  ///
  /// @param owner class in the package that contains the file
  /// @param name file name
  public static String script(Class<?> owner, String name) {
    try (InputStream in = owner.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Throwable translate(Throwable failure) {
    Throwable cause = unwrap(failure);
    return isOutage(cause)
            || cause instanceof RedisException
            || cause instanceof CallNotPermittedException
        ? unavailable(cause)
        : cause;
  }

  private static RedisUnavailableException unavailable(Throwable cause) {
    return cause instanceof RedisException reply && RedisErrorReplyException.isErrorReply(reply)
        ? new RedisErrorReplyException(reply)
        : new RedisUnavailableException(cause);
  }

  /// A connection that is reset during a write fails with an [IOException].
  private static boolean isOutage(Throwable failure) {
    return failure instanceof IOException
        || failure instanceof RedisException && !RedisErrorReplyException.isErrorReply(failure);
  }

  private static Throwable unwrap(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  @Override
  public void close() {
    client.shutdown();
  }
}
