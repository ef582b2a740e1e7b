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

/// The one way to Redis: every call is bounded in time, and after repeated failures calls fail at
/// once for a while instead of each waiting for its own timeout.
public final class RedisGateway implements AutoCloseable, MeterBinder {

  /// Connections kept open to a node while nothing is to be done.
  private static final int IDLE = 4;

  private final RedissonClient client;
  private final CircuitBreaker breaker;

  private RedisGateway(RedissonClient client, CircuitBreaker breaker) {
    this.client = client;
    this.breaker = breaker;
  }

  /// Does not need Redis to be up: the first call connects.
  public static RedisGateway connect(RedisSettings settings) {
    Config config = new Config();
    config.setLazyInitialization(true);
    config.setCodec(StringCodec.INSTANCE);
    // With it on, a batch fails when Redis has restarted and forgotten more than one script.
    config.setUseScriptCache(false);
    if (!settings.password().isEmpty()) {
      config.setPassword(settings.password());
    }
    if (settings.cluster()) {
      var cluster = config.useClusterServers();
      settings.addresses().forEach(cluster::addNodeAddress);
      cluster.setMasterConnectionPoolSize(settings.connections());
      cluster.setMasterConnectionMinimumIdleSize(Math.min(IDLE, settings.connections()));
      cluster.setSlaveConnectionMinimumIdleSize(1);
      // A ticket is read right after it was written: never from a replica that may lag.
      cluster.setReadMode(org.redisson.config.ReadMode.MASTER);
      bound(cluster, settings);
    } else {
      var single = config.useSingleServer();
      single.setAddress(settings.addresses().getFirst());
      single.setConnectionPoolSize(settings.connections());
      single.setConnectionMinimumIdleSize(Math.min(IDLE, settings.connections()));
      bound(single, settings);
    }
    CircuitBreaker breaker =
        CircuitBreaker.of(
            "redis",
            CircuitBreakerConfig.custom()
                .slidingWindowSize(20)
                .minimumNumberOfCalls(5)
                .failureRateThreshold(50)
                .waitDurationInOpenState(settings.pause())
                .permittedNumberOfCallsInHalfOpenState(2)
                .recordException(failure -> unwrap(failure) instanceof RedisException)
                .build());
    return new RedisGateway(Redisson.create(config), breaker);
  }

  private static void bound(BaseConfig<?> config, RedisSettings settings) {
    config.setTimeout(Math.toIntExact(settings.timeout().toMillis()));
    config.setConnectTimeout(Math.toIntExact(settings.timeout().toMillis()));
    config.setRetryAttempts(settings.attempts());
    config.setRetryDelay(new ConstantDelay(Duration.ofMillis(50)));
    config.setReconnectionDelay(new ConstantDelay(Duration.ofMillis(250)));
    config.setPingConnectionInterval(5_000);
  }

  /// Runs a call and waits for it.
  ///
  /// @throws RedisUnavailable if Redis did not answer in time or is known to be down
  public <T> T call(Function<RedissonClient, T> call) {
    try {
      return breaker.executeSupplier(() -> call.apply(client));
    } catch (RedisException | CallNotPermittedException e) {
      throw new RedisUnavailableException(e);
    } catch (CompletionException e) {
      // So fails the first connection.
      throw translate(e) instanceof RedisUnavailableException unavailable ? unavailable : e;
    }
  }

  /// Runs a call without waiting; the stage fails with [RedisUnavailableException].
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

  /// Waits for what was asked without waiting.
  ///
  /// @throws RedisUnavailable as the stage failed with it
  public static <T> T await(CompletableFuture<T> stage) {
    try {
      return stage.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RedisUnavailableException unavailable ? unavailable : e;
    }
  }

  // Not while a call or two try whether it is back: until they have found it, it is down.
  private boolean up() {
    return breaker.getState() == CircuitBreaker.State.CLOSED;
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    Gauge.builder("ticketing.redis.up", this, redis -> redis.up() ? 1 : 0)
        .description("1 while Redis answers, 0 while calls to it are skipped or tried again")
        .register(registry);
  }

  /// Source text of a Lua script.
  ///
  /// @param owner class next to which the script's file is
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
