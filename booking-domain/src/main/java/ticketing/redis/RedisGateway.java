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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.redisson.Redisson;
import org.redisson.api.RedissonClient;
import org.redisson.client.RedisException;
import org.redisson.client.codec.StringCodec;
import org.redisson.config.BaseConfig;
import org.redisson.config.Config;
import org.redisson.config.ConstantDelay;

/// Access to Redis. Every call has a time limit. After repeated failures a circuit breaker rejects
/// calls immediately.
public final class RedisGateway implements AutoCloseable, MeterBinder {

  private static final int MIN_IDLE_CONNECTIONS = 4; // to one node

  private final RedissonClient client;
  private final CircuitBreaker breaker;

  private RedisGateway(RedissonClient client, CircuitBreaker breaker) {
    this.client = client;
    this.breaker = breaker;
  }

  /// Returns a gateway that connects with its first call, so Redis may be down now.
  public static RedisGateway connect(RedisSettings settings) {
    Config config = new Config();
    config.setLazyInitialization(true);
    config.setCodec(StringCodec.INSTANCE);
    // With the cache, a batch fails after a restart of Redis if it uses several scripts.
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
    CircuitBreaker breaker =
        CircuitBreaker.of(
            "redis",
            CircuitBreakerConfig.custom()
                .slidingWindowSize(20)
                .minimumNumberOfCalls(5)
                .failureRateThreshold(50)
                .waitDurationInOpenState(settings.breakerOpenTime())
                .permittedNumberOfCallsInHalfOpenState(2)
                .recordException(failure -> unwrap(failure) instanceof RedisException)
                .build());
    return new RedisGateway(Redisson.create(config), breaker);
  }

  private static void setTimeLimits(BaseConfig<?> config, RedisSettings settings) {
    config.setTimeout(Math.toIntExact(settings.timeout().toMillis()));
    config.setConnectTimeout(Math.toIntExact(settings.timeout().toMillis()));
    config.setRetryAttempts(settings.retries());
    config.setRetryDelay(new ConstantDelay(Duration.ofMillis(50)));
    config.setReconnectionDelay(new ConstantDelay(Duration.ofMillis(250)));
    config.setPingConnectionInterval(5_000);
  }

  /// Runs a call and returns its result.
  ///
  /// @throws RedisUnavailableException if Redis did not answer in time or the breaker is open
  public <T> T call(Function<RedissonClient, T> call) {
    try {
      return breaker.executeSupplier(() -> call.apply(client));
    } catch (RedisException | CallNotPermittedException e) {
      throw new RedisUnavailableException(e);
    } catch (CompletionException e) {
      // The first connection fails with this exception.
      throw translate(e) instanceof RedisUnavailableException unavailable ? unavailable : e;
    }
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
    return cause instanceof RedisException || cause instanceof CallNotPermittedException
        ? new RedisUnavailableException(cause)
        : cause;
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
