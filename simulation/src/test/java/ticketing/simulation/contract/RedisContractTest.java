package ticketing.simulation.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.redisson.Redisson;
import org.redisson.api.BatchOptions;
import org.redisson.api.RBatch;
import org.redisson.api.RFuture;
import org.redisson.api.RLock;
import org.redisson.api.RScript;
import org.redisson.api.RedissonClient;
import org.redisson.client.RedisException;
import org.redisson.client.codec.ByteArrayCodec;
import org.redisson.client.codec.StringCodec;
import org.redisson.config.Config;
import ticketing.local.servers.LocalServers;
import ticketing.simulation.redis.RedisFaults;
import ticketing.simulation.redis.SimulatedRedis;
import ticketing.simulation.redis.SimulatedRedisson;
import ticketing.status.StatusStore;

/// The simulated Redis gives the same replies to random sequences of the production scripts.
class RedisContractTest {

  private static final int OPERATIONS = 400;
  private static final int KINDS = 23;
  private static final String PREFIX = "contract:";

  @Test
  void simulatedRedisRepliesAsTheRealOne() throws Exception {
    Config config = new Config();
    config.setCodec(StringCodec.INSTANCE);
    config.useSingleServer().setAddress(LocalServers.shared().redisAddress());
    RedissonClient real = Redisson.create(config);
    try {
      for (long seed = 1; seed <= 2; seed++) {
        long sequence = seed;
        real.getKeys().deleteByPattern("*" + PREFIX + "*");
        List<String> expected = new Environment.Real().run(environment -> observe(real, sequence));
        Environment.Simulated simulated = new Environment.Simulated();
        RedissonClient client =
            SimulatedRedisson.create(
                simulated.kernel,
                simulated.process,
                new SimulatedRedis(simulated.kernel),
                new RedisFaults());
        assertThat(simulated.run(environment -> observe(client, sequence))).isEqualTo(expected);
      }
    } finally {
      real.shutdown();
    }
  }

  private static List<String> observe(RedissonClient redis, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<String> observed = new ArrayList<>();
    for (int i = 0; i < OPERATIONS; i++) {
      int kind = random.nextInt(KINDS);
      String result;
      try {
        result = print(operate(redis, kind, random));
      } catch (RedisException e) {
        result = error(e);
      } catch (CompletionException e) {
        result = error((Exception) e.getCause());
      }
      observed.add(i + " operation " + kind + ": " + result);
    }
    return observed;
  }

  private static String error(Exception failure) {
    String message = String.valueOf(failure.getMessage());
    return failure.getClass().getSimpleName() + " " + message.split("[ .]")[0];
  }

  private static Object operate(RedissonClient redis, int kind, SplittableRandom random) {
    String ticket = PREFIX + "ticket" + random.nextInt(3);
    String line = "{" + PREFIX + "line" + random.nextInt(2) + "}";
    String bucket = PREFIX + "undecided";
    String senders = PREFIX + "senders";
    String sends = PREFIX + "sending";
    String score = String.valueOf(1_000 + random.nextInt(20));
    String member = "member" + random.nextInt(40);
    return switch (kind) {
      case 0 ->
          eval(
              redis,
              "store_pending.lua",
              List.of(ticket),
              switch (random.nextInt(3)) {
                case 0 -> "\u0001pending";
                case 1 -> "\u0004random0123456789";
                default -> "{\"owner\":\"u\",\"status\":\"PENDING\"}";
              },
              "100",
              random.nextBoolean() ? "new" : "claim");
      case 1 ->
          eval(
              redis,
              "store_given_up.lua",
              List.of(ticket),
              "{\"owner\":\"u\",\"status\":\"REJECTED\",\"reason\":\"GAVE_UP\"}",
              "100",
              "contract",
              "line");
      case 2 ->
          eval(
              redis,
              "remove_pending.lua",
              List.of(ticket),
              "attempt",
              "0123456789abcdef",
              "random");
      case 3 -> {
        redis
            .getBucket(ticket, StringCodec.INSTANCE)
            .set("{\"owner\":\"u\",\"status\":\"CONFIRMED\"}", Duration.ofSeconds(100));
        yield "set";
      }
      case 4, 5 ->
          eval(
              redis,
              "add_to_line.lua+count_ahead.lua",
              List.of(line),
              "100",
              "8",
              "256",
              score,
              member,
              String.valueOf(1_000 + random.nextInt(20)),
              "member" + random.nextInt(40));
      case 6 ->
          eval(redis, "find_positions.lua+count_ahead.lua", List.of(line), "0", "8", "256", score);
      case 7 ->
          eval(
              redis,
              "remove_from_line.lua",
              List.of(line, PREFIX + "older"),
              score,
              member,
              "ticket");
      case 8 ->
          eval(
              redis,
              "find_oldest.lua",
              List.of(line, PREFIX + "older"),
              String.valueOf(1 + random.nextInt(5)));
      case 9 ->
          eval(
              redis,
              "store_event.lua",
              List.of(PREFIX + "event", PREFIX + "fence"),
              "{\"version\":" + random.nextInt(9) + "}",
              String.valueOf(random.nextInt(9)),
              "100",
              "contract");
      case 10 ->
          eval(
              redis,
              "evict_event.lua",
              List.of(PREFIX + "event", PREFIX + "fence"),
              String.valueOf(random.nextInt(9)));
      case 11 ->
          eval(
              redis, "add_confirmations.lua", List.of(PREFIX + "confirming"), "100", score, member);
      case 12 -> eval(redis, "remove_confirmations.lua", List.of(PREFIX + "confirming"), member);
      case 13 ->
          redis
              .<String>getScoredSortedSet(PREFIX + "confirming", StringCodec.INSTANCE)
              .entryRange(0, 2)
              .stream()
              .map(entry -> entry.getScore() + " " + entry.getValue())
              .toList();
      case 14 -> {
        RBatch batch = redis.createBatch(BatchOptions.defaults());
        RFuture<byte[]> value = batch.<byte[]>getBucket(ticket, ByteArrayCodec.INSTANCE).getAsync();
        RFuture<Boolean> exists =
            batch.getBucket(PREFIX + "fence", StringCodec.INSTANCE).isExistsAsync();
        batch.execute();
        yield List.of(
            print(value.toCompletableFuture().join()), exists.toCompletableFuture().join());
      }
      case 15 ->
          eval(
              redis,
              "add_undecided.lua",
              List.of(bucket),
              "100",
              "5",
              "3",
              undecided(random),
              "2",
              undecided(random),
              "2");
      case 16 ->
          eval(redis, "remove_undecided.lua", List.of(bucket), undecided(random).substring(8));
      case 17 ->
          eval(
              redis,
              "add_sends.lua",
              List.of(sends),
              score,
              member,
              String.valueOf(1_000 + random.nextInt(20)),
              "member" + random.nextInt(40));
      case 18 -> {
        // Each instance has its own lease, so that the order of the ends is that of the instances.
        int instance = 1 + random.nextInt(4);
        long lease = Duration.ofHours(random.nextInt(3) == 0 ? instance : -instance).toMillis();
        yield eval(
            redis,
            "renew_lease.lua",
            List.of(senders),
            "instance" + instance,
            String.valueOf(lease),
            "100");
      }
      case 19 ->
          eval(
              redis,
              "find_expired_senders.lua",
              List.of(senders),
              String.valueOf(1 + random.nextInt(4)));
      case 20 ->
          eval(
              redis,
              "remove_expired_sender.lua",
              List.of(senders),
              "instance" + (1 + random.nextInt(4)));
      case 21 -> {
        RLock lock = redis.getLock(PREFIX + "lock");
        long owner = random.nextInt(2);
        yield switch (random.nextInt(4)) {
          case 0 ->
              lock.tryLockAsync(0, TimeUnit.HOURS.toMillis(1), TimeUnit.MILLISECONDS, owner)
                  .toCompletableFuture()
                  .join();
          case 1 -> {
            lock.unlockAsync(owner).toCompletableFuture().join();
            yield "released";
          }
          default -> {
            long left = lock.remainTimeToLiveAsync().toCompletableFuture().join();
            yield left < 0 ? left : "minutes: " + Math.ceilDiv(left, 60_000);
          }
        };
      }
      default -> {
        // A foreign value of another type.
        String key = List.of(ticket, line, bucket, senders, sends).get(random.nextInt(5));
        yield random.nextInt(4) == 0
            ? redis
                .getScript(StringCodec.INSTANCE)
                .eval(
                    RScript.Mode.READ_WRITE,
                    "redis.call('DEL', KEYS[1]) return redis.call('HSET', KEYS[1], 'a', 'b')",
                    RScript.ReturnType.LONG,
                    List.of(key))
            : "none";
      }
    };
  }

  /// Record of a user, an event and a ticket.
  private static String undecided(SplittableRandom random) {
    return "use"
        + random.nextInt(3)
        + "eve"
        + random.nextInt(2)
        + "ticket-00000000"
        + random.nextInt(9);
  }

  private static Object eval(
      RedissonClient redis, String names, List<Object> keys, String... arguments) {
    StringBuilder script = new StringBuilder();
    for (String name : names.split("\\+")) {
      try (InputStream in = StatusStore.class.getResourceAsStream(name)) {
        script.append(new String(in.readAllBytes(), StandardCharsets.UTF_8));
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
    boolean list =
        names.startsWith("add_to")
            || names.startsWith("add_un")
            || names.startsWith("find_pos")
            || names.startsWith("find_old")
            || names.startsWith("find_exp");
    Object[] values = new Object[arguments.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = arguments[i].getBytes(StandardCharsets.UTF_8);
    }
    return redis
        .getScript(ByteArrayCodec.INSTANCE)
        .eval(
            keys.getFirst().toString(),
            RScript.Mode.READ_WRITE,
            script.toString(),
            list
                ? RScript.ReturnType.LIST
                : names.startsWith("store_pending")
                    ? RScript.ReturnType.VALUE
                    : RScript.ReturnType.LONG,
            keys,
            values);
  }

  private static String print(@Nullable Object value) {
    return switch (value) {
      case null -> "null";
      case byte[] bytes -> HexFormat.of().formatHex(bytes);
      case List<?> list -> list.stream().map(RedisContractTest::print).toList().toString();
      default -> value.toString();
    };
  }
}
