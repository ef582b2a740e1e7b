package ticketing.redis;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.redisson.api.RScript.Mode;
import org.redisson.api.RScript.ReturnType;
import org.redisson.client.codec.StringCodec;
import ticketing.domain.Json;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;

/// Heartbeats and statistics of the running processes, in the Redis hashes `alive:{kind}`. They are
/// for display only.
public final class Heartbeats {

  /// Kind of a process.
  public enum Kind {
    INGRESS,
    WORKER,
    NOTIFIER
  }

  private static final Duration INTERVAL = Duration.ofSeconds(2);
  private static final Duration MAX_AGE = Duration.ofSeconds(7); // age of a live heartbeat
  private static final Duration TIME_TO_LIVE = Duration.ofMinutes(1);

  private static final String RECORD_HEARTBEAT =
      RedisGateway.script(Heartbeats.class, "record_heartbeat.lua");
  private static final String FIND_LIVE_PROCESSES =
      RedisGateway.script(Heartbeats.class, "find_live_processes.lua");
  private static final TypeReference<Map<String, Double>> STATISTICS = new TypeReference<>() {};

  private final RedisGateway redis;

  public Heartbeats(RedisGateway redis) {
    this.redis = redis;
  }

  /// Live processes of one kind.
  ///
  /// @param processes number of processes with a heartbeat in the last 7 s
  /// @param sums sum of each statistic over these processes
  public record LiveProcesses(int processes, Map<String, Double> sums) {
    public LiveProcesses {
      sums = Map.copyOf(sums);
    }

    public double sum(String statistic) {
      return sums.getOrDefault(statistic, 0.0);
    }
  }

  /// @throws RedisUnavailableException if Redis is down
  public LiveProcesses liveProcesses(Kind kind) {
    List<String> all =
        redis.call(client ->
            client
                .getScript(StringCodec.INSTANCE)
                .<List<String>>eval(
                    key(kind),
                    Mode.READ_WRITE,
                    FIND_LIVE_PROCESSES,
                    ReturnType.LIST,
                    List.of(key(kind)),
                    RedisGateway.seconds(MAX_AGE)));
    Map<String, Double> sums = new HashMap<>();
    int processes = 0;
    for (String statistics : all) {
      Optional<Map<String, Double>> parsed = parse(kind, statistics);
      if (parsed.isPresent()) {
        parsed.get().forEach((name, value) -> sums.merge(name, value, Double::sum));
        processes++;
      }
    }
    return new LiveProcesses(processes, sums);
  }

  /// Empty if the statistics are unreadable.
  private Optional<Map<String, Double>> parse(Kind kind, String statistics) {
    try {
      Map<String, Double> parsed = Json.INTERNAL.readValue(statistics, STATISTICS);
      if (parsed != null && !parsed.containsValue(null)) {
        return Optional.of(parsed);
      }
    } catch (JacksonException e) {
      // Reported below.
    }
    redis.reportUnreadable(key(kind), "statistics of a process");
    return Optional.empty();
  }

  /// Starts a heartbeat every 2 s, until it is closed.
  ///
  /// @param statistics called for each heartbeat; must not block
  public Heartbeat start(Kind kind, Supplier<Map<String, Double>> statistics) {
    return new Heartbeat(kind, statistics);
  }

  /// Heartbeat of this process.
  public final class Heartbeat implements AutoCloseable {

    private final String instance = UUID.randomUUID().toString();
    private final ScheduledExecutorService scheduler =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("heartbeat").factory());

    private Heartbeat(Kind kind, Supplier<Map<String, Double>> statistics) {
      scheduler.scheduleWithFixedDelay(
          () -> record(kind, statistics.get()), 0, INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void record(Kind kind, Map<String, Double> statistics) {
      redis.<Object>async(client ->
          client
              .getScript(StringCodec.INSTANCE)
              .evalAsync(
                  key(kind),
                  Mode.READ_WRITE,
                  RECORD_HEARTBEAT,
                  ReturnType.LONG,
                  List.of(key(kind)),
                  instance,
                  Json.INTERNAL.writeValueAsString(statistics),
                  RedisGateway.seconds(TIME_TO_LIVE)));
    }

    /// Ends the heartbeats. Readers omit this process after 7 s.
    @Override
    public void close() {
      scheduler.shutdownNow();
    }
  }

  private static String key(Kind kind) {
    return "alive:" + kind.name().toLowerCase(Locale.ROOT);
  }
}
