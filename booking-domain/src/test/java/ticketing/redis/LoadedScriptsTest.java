package ticketing.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.redisson.api.redisnode.RedisNode.InfoSection;
import org.redisson.api.redisnode.RedisNodes;
import org.redisson.client.codec.StringCodec;
import ticketing.local.servers.LocalServers;
import ticketing.redis.CommandBatch.Reply;

/// Scripts on a Redis server, and their text on the connection.
@Isolated("counts all scripts of the server")
class LoadedScriptsTest {

  private static final String ADD_ONE = "return redis.call('INCRBY', KEYS[1], 1)";
  private static final String ADD_TEN = "return redis.call('INCRBY', KEYS[1], 10)";

  private final String key = "loaded-scripts-" + UUID.randomUUID();
  private final RedisGateway redis =
      RedisGateway.connect(
          new RedisSettings(
              List.of(LocalServers.shared().redisAddress()),
              false,
              "",
              Duration.ofSeconds(10),
              1,
              Duration.ofSeconds(1),
              2));

  @AfterEach
  void close() {
    redis.close();
  }

  @Test
  void textIsSentOnce() {
    assertThat(addEleven()).isEqualTo(11);
    long texts = countCalls("eval");
    long digests = countCalls("evalsha");
    for (int run = 2; run <= 10; run++) {
      assertThat(addEleven()).isEqualTo(11 * run);
    }
    assertThat(countCalls("eval")).isEqualTo(texts);
    assertThat(countCalls("evalsha")).isEqualTo(digests + 18);
  }

  @Test
  void scriptsRunOnceAfterScriptFlush() {
    assertThat(addEleven()).isEqualTo(11);
    flush();
    assertThat(addEleven()).isEqualTo(22);
    flush();
    redis.execute(batch -> batch.run(key, ADD_TEN)); // The server knows one of the two.
    assertThat(addEleven()).isEqualTo(43);
  }

  @Test
  void otherCommandsOfTheBatchKeepTheirReplies() {
    redis.execute(batch -> batch.run(key, ADD_ONE));
    flush();
    AtomicReference<Reply<String>> value = new AtomicReference<>();
    AtomicReference<Reply<Long>> sum = new AtomicReference<>();
    redis.execute(batch -> {
      value.set(
          batch.read(
              key, commands -> commands.<String>getBucket(key, StringCodec.INSTANCE).getAsync()));
      sum.set(batch.run(key, ADD_ONE));
    });
    assertThat(value.get().value()).contains("1");
    assertThat(sum.get().value()).contains(2L);
  }

  private long addEleven() {
    AtomicReference<Reply<Long>> sum = new AtomicReference<>();
    redis.execute(batch -> {
      batch.run(key, ADD_ONE);
      sum.set(batch.run(key, ADD_TEN));
    });
    return sum.get().value().orElseThrow();
  }

  private void flush() {
    redis.call(client -> {
      client.getScript().scriptFlush();
      return null;
    });
  }

  private long countCalls(String command) {
    Map<String, String> statistics =
        redis.call(client ->
            client.getRedisNodes(RedisNodes.SINGLE).getInstance().info(InfoSection.COMMANDSTATS));
    String calls = statistics.getOrDefault("cmdstat_" + command, "calls=0,");
    return Long.parseLong(calls.substring("calls=".length(), calls.indexOf(',')));
  }
}
