package ticketing.redis;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.redisson.api.RScript.Mode;
import org.redisson.api.RScript.ReturnType;
import org.redisson.client.codec.StringCodec;
import ticketing.domain.Json;
import ticketing.status.StatusStore;
import tools.jackson.core.type.TypeReference;

/// Which processes are alive and what they say of themselves, in Redis under `alive:{kind}`. For
/// people who watch; nothing is decided by it, and without Redis nobody is known to be alive.
public final class Heartbeats {

  /// The kinds of process that are counted.
  public enum Kind {
    INGRESS,
    WORKER,
    NOTIFIER
  }

  private static final Duration BEAT = Duration.ofSeconds(2);
  private static final Duration SILENCE = Duration.ofSeconds(7);
  private static final Duration FORGOTTEN = Duration.ofMinutes(1);

  private static final String BEAT_SCRIPT = RedisGateway.script(Heartbeats.class, "beat.lua");
  private static final String ALIVE_SCRIPT = RedisGateway.script(Heartbeats.class, "alive.lua");
  private static final TypeReference<Map<String, Double>> FIGURES = new TypeReference<>() {};

  private final RedisGateway redis;

  public Heartbeats(RedisGateway redis) {
    this.redis = redis;
  }

  /// @param processes how many were heard within the last seconds
  /// @param sums of the figures with the same name
  public record LiveProcesses(int processes, Map<String, Double> sums) {
    public LiveProcesses {
      sums = Map.copyOf(sums);
    }

    public double sum(String figure) {
      return sums.getOrDefault(figure, 0.0);
    }
  }

  /// @throws RedisUnavailable if Redis is down
  public LiveProcesses liveProcesses(Kind kind) {
    List<String> said =
        redis.call(
            client ->
                client
                    .getScript(StringCodec.INSTANCE)
                    .<List<String>>eval(
                        key(kind),
                        Mode.READ_WRITE,
                        ALIVE_SCRIPT,
                        ReturnType.LIST,
                        List.of(key(kind)),
                        StatusStore.seconds(SILENCE)));
    Map<String, Double> sums = new HashMap<>();
    for (String figures : said) {
      Json.INTERNAL
          .readValue(figures, FIGURES)
          .forEach((name, figure) -> sums.merge(name, figure, Double::sum));
    }
    return new LiveProcesses(said.size(), sums);
  }

  /// Tells every two seconds that this process is alive, until it is closed.
  ///
  /// @param figures what it says of itself; must not wait
  public Heartbeat start(Kind kind, Supplier<Map<String, Double>> figures) {
    return new Heartbeat(kind, figures);
  }

  /// The heartbeat of one process.
  public final class Heartbeat implements AutoCloseable {

    private final String instance = UUID.randomUUID().toString();
    private final ScheduledExecutorService beating =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("heartbeat").factory());

    private Heartbeat(Kind kind, Supplier<Map<String, Double>> figures) {
      beating.scheduleWithFixedDelay(
          () -> beat(kind, figures.get()), 0, BEAT.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void beat(Kind kind, Map<String, Double> figures) {
      redis.<Object>async(
          client ->
              client
                  .getScript(StringCodec.INSTANCE)
                  .evalAsync(
                      key(kind),
                      Mode.READ_WRITE,
                      BEAT_SCRIPT,
                      ReturnType.LONG,
                      List.of(key(kind)),
                      instance,
                      Json.INTERNAL.writeValueAsString(figures),
                      StatusStore.seconds(FORGOTTEN)));
    }

    /// The next readers find it silent.
    @Override
    public void close() {
      beating.shutdownNow();
    }
  }

  private static String key(Kind kind) {
    return "alive:" + kind.name().toLowerCase(Locale.ROOT);
  }
}
