package ticketing.simulation.redis;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.redisson.api.RBatch;
import org.redisson.api.RFuture;
import org.redisson.api.RKeys;
import org.redisson.api.RLock;
import org.redisson.api.RScript;
import org.redisson.api.RTopic;
import org.redisson.api.RedissonClient;
import org.redisson.client.RedisConnectionException;
import org.redisson.client.RedisException;
import org.redisson.client.RedisTimeoutException;
import org.redisson.client.codec.ByteArrayCodec;
import org.redisson.client.codec.Codec;
import org.redisson.client.protocol.ScoredEntry;
import org.redisson.misc.CompletableFutureWrapper;
import ticketing.simulation.kernel.Kernel;
import ticketing.simulation.kernel.SimulatedProcess;
import ticketing.simulation.redis.RedisReply.CommandError;

/// Redisson client of one process for the simulated Redis. It supports the calls of the production
/// code; any other call is an error.
public final class SimulatedRedisson {

  private static final long LATENCY = TimeUnit.MILLISECONDS.toNanos(2);
  private static final String THREAD = "redis";
  private static final long CALL_TIMEOUT = TimeUnit.SECONDS.toNanos(2);
  private static final long LOCK_POLL = TimeUnit.MILLISECONDS.toNanos(20);

  private final Kernel kernel;
  private final SimulatedProcess process;
  private final SimulatedRedis redis;
  private final RedisFaults faults;

  private SimulatedRedisson(
      Kernel kernel, SimulatedProcess process, SimulatedRedis redis, RedisFaults faults) {
    this.kernel = kernel;
    this.process = process;
    this.redis = redis;
    this.faults = faults;
  }

  public static RedissonClient create(
      Kernel kernel, SimulatedProcess process, SimulatedRedis redis, RedisFaults faults) {
    return new SimulatedRedisson(kernel, process, redis, faults).client();
  }

  /// Destination of commands: the server, or a batch.
  private interface Target {
    <T> CompletableFuture<T> add(Supplier<T> command);
  }

  private static <T> T proxy(Class<T> type, InvocationHandler handler) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }

  private static UnsupportedOperationException unsupported(java.lang.reflect.Method method) {
    return new UnsupportedOperationException(method.toString());
  }

  private RedissonClient client() {
    Target server =
        new Target() {
          @Override
          public <T> CompletableFuture<T> add(Supplier<T> command) {
            return call(command);
          }
        };
    return proxy(
        RedissonClient.class,
        (self, method, arguments) ->
            switch (method.getName()) {
              case "createBatch" -> batch();
              case "getLock" -> lock((String) arguments[0]);
              case "getTopic" -> topic((String) arguments[0]);
              case "getKeys" -> keys();
              case "shutdown" -> null;
              default -> object(server, method, arguments);
            });
  }

  private Object object(Target target, java.lang.reflect.Method method, Object[] arguments) {
    boolean binary = arguments[arguments.length - 1] == ByteArrayCodec.INSTANCE;
    return switch (method.getName()) {
      case "getScript" -> script(target, method.getReturnType(), (Codec) arguments[0]);
      case "getBucket" -> bucket(target, method.getReturnType(), (String) arguments[0], binary);
      case "getScoredSortedSet" -> sortedSet(target, method.getReturnType(), (String) arguments[0]);
      case "getSet" -> set(target, method.getReturnType(), (String) arguments[0]);
      default -> throw unsupported(method);
    };
  }

  private long latency() {
    return kernel.random().nextLong(LATENCY / 10, LATENCY) * faults.slowness;
  }

  /// Sends one request. The future completes on a thread of the process.
  private <T> CompletableFuture<T> call(Supplier<T> commands) {
    CompletableFuture<T> result = new CompletableFuture<>();
    kernel.schedule(
        latency(),
        () -> {
          if (faults.refusing) {
            process.failAfter(
                latency(), THREAD, result, new RedisConnectionException("Unable to connect"));
            return;
          }
          if (kernel.chance(faults.lostRequest)) {
            kernel.log().add("redis", process.name() + " request lost");
            process.failAfter(
                CALL_TIMEOUT + latency(), THREAD, result, new RedisTimeoutException("no answer"));
            return;
          }
          if (kernel.chance(faults.eviction)) {
            redis.evictRandomKey();
          }
          T value;
          try {
            value = commands.get();
          } catch (CommandError e) {
            process.failAfter(
                latency(),
                THREAD,
                result,
                new RedisException(e.getMessage() + ". channel: simulated"));
            return;
          }
          if (kernel.chance(faults.lostAnswer)) {
            kernel.log().add("redis", process.name() + " answer lost");
            process.failAfter(
                CALL_TIMEOUT + latency(), THREAD, result, new RedisTimeoutException("no answer"));
            return;
          }
          process.startAfter(latency(), THREAD, () -> result.complete(value));
        });
    return result;
  }

  private static <T> RFuture<T> future(CompletableFuture<T> result) {
    return new CompletableFutureWrapper<>(result);
  }

  private static <T> T await(CompletableFuture<T> result) {
    try {
      return result.join();
    } catch (java.util.concurrent.CompletionException e) {
      throw e.getCause() instanceof RuntimeException failure ? failure : e;
    }
  }

  /// Answers an asynchronous method by a future, and a synchronous one after the call.
  private static Object answer(java.lang.reflect.Method method, CompletableFuture<?> result) {
    return method.getName().endsWith("Async") ? future(result) : await(result);
  }

  private static String name(java.lang.reflect.Method method) {
    String name = method.getName();
    return name.endsWith("Async") ? name.substring(0, name.length() - 5) : name;
  }

  private static String argument(Object value) {
    return value instanceof byte[] bytes
        ? SimulatedRedis.text(bytes)
        : SimulatedRedis.text(value.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static @Nullable Object decode(@Nullable Object reply, boolean binary) {
    return switch (reply) {
      case byte[] bytes when !binary -> new String(bytes, StandardCharsets.UTF_8);
      case List<?> list -> {
        List<Object> decoded = new ArrayList<>(list.size());
        list.forEach(one -> decoded.add(decode(one, binary)));
        yield decoded;
      }
      case null -> null;
      default -> reply;
    };
  }

  private Object script(Target target, Class<?> type, Codec codec) {
    boolean binary = codec == ByteArrayCodec.INSTANCE;
    return proxy(
        type,
        (self, method, arguments) -> {
          int first = arguments[1] instanceof RScript.Mode ? 1 : 0;
          String script = (String) arguments[first + 1];
          boolean digest = name(method).equals("evalSha");
          List<String> keys = new ArrayList<>();
          ((List<?>) arguments[first + 3]).forEach(key -> keys.add(argument(key)));
          List<String> values = new ArrayList<>();
          for (Object value : (Object[]) arguments[first + 4]) {
            values.add(argument(value));
          }
          return answer(
              method,
              target.add(() ->
                  decode(
                      LuaScripts.eval(
                          redis, digest ? LuaScripts.find(script) : script, keys, values),
                      binary)));
        });
  }

  private Object bucket(Target target, Class<?> type, String key, boolean binary) {
    return proxy(
        type,
        (self, method, arguments) ->
            answer(
                method,
                switch (name(method)) {
                  case "get" ->
                      target.add(() -> decode(redis.execute(List.of("GET", key)), binary));
                  case "isExists" ->
                      target.add(() -> redis.execute(List.of("EXISTS", key)).equals(1L));
                  case "delete" -> target.add(() -> redis.execute(List.of("DEL", key)).equals(1L));
                  case "set" -> {
                    List<String> command = new ArrayList<>(List.of("SET", key));
                    command.add(argument(arguments[0]));
                    if (arguments.length > 1) {
                      command.add("EX");
                      command.add(String.valueOf(((Duration) arguments[1]).toSeconds()));
                    }
                    yield target.add(() -> {
                      redis.execute(command);
                      return null;
                    });
                  }
                  default -> throw unsupported(method);
                }));
  }

  private Object sortedSet(Target target, Class<?> type, String key) {
    return proxy(
        type,
        (self, method, arguments) ->
            answer(
                method,
                switch (name(method)) {
                  case "entryRange" -> target.add(() -> scoredEntries(key, arguments));
                  case "removeAll" ->
                      target.add(
                          () -> redis.execute(command("ZREM", key, (Collection<?>) arguments[0])));
                  case "expire" ->
                      target.add(() ->
                          redis.execute(
                              List.of(
                                  "EXPIRE",
                                  key,
                                  String.valueOf(((Duration) arguments[0]).toSeconds()))));
                  default -> throw unsupported(method);
                }));
  }

  private List<ScoredEntry<String>> scoredEntries(String key, Object[] range) {
    List<ScoredEntry<String>> entries = new ArrayList<>();
    redis
        .range(key, (Integer) range[0], (Integer) range[1])
        .forEach(entry -> entries.add(new ScoredEntry<>(entry.getValue(), entry.getKey())));
    return entries;
  }

  private static List<String> command(String name, String key, Collection<?> members) {
    List<String> command = new ArrayList<>(List.of(name, key));
    members.forEach(member -> command.add(argument(member)));
    return command;
  }

  private Object set(Target target, Class<?> type, String key) {
    return proxy(
        type,
        (self, method, arguments) ->
            answer(
                method,
                switch (name(method)) {
                  case "addAll" ->
                      target.add(() ->
                          !redis
                              .execute(command("SADD", key, (Collection<?>) arguments[0]))
                              .equals(0L));
                  case "add" ->
                      target.add(() ->
                          !redis.execute(command("SADD", key, List.of(arguments[0]))).equals(0L));
                  case "remove" ->
                      target.add(() ->
                          !redis.execute(command("SREM", key, List.of(arguments[0]))).equals(0L));
                  case "random" ->
                      target.add(() ->
                          new LinkedHashSet<>(
                              (List<?>)
                                  decode(
                                      redis.execute(
                                          List.of(
                                              "SRANDMEMBER", key, String.valueOf(arguments[0]))),
                                      false)));
                  default -> throw unsupported(method);
                }));
  }

  private RKeys keys() {
    return proxy(
        RKeys.class,
        (self, method, arguments) -> {
          if (!method.getName().equals("unlink")) {
            throw unsupported(method);
          }
          return await(
              call(
                  () -> redis.execute(command("UNLINK", ((String[]) arguments[0])[0], List.of()))));
        });
  }

  private RTopic topic(String channel) {
    return proxy(
        RTopic.class,
        (self, method, arguments) -> {
          if (!method.getName().equals("publish")) {
            throw unsupported(method);
          }
          return await(
              call(() -> redis.execute(List.of("PUBLISH", channel, argument(arguments[0])))));
        });
  }

  private RLock lock(String key) {
    return proxy(
        RLock.class,
        (self, method, arguments) ->
            switch (method.getName()) {
              case "tryLockAsync" -> {
                TimeUnit unit = (TimeUnit) arguments[2];
                long end = kernel.now() + unit.toNanos((Long) arguments[0]);
                CompletableFuture<Boolean> acquired = new CompletableFuture<>();
                tryLock(key, owner(arguments[3]), unit.toNanos((Long) arguments[1]), end, acquired);
                yield future(acquired);
              }
              case "unlockAsync" -> future(unlock(key, owner(arguments[0])));
              case "remainTimeToLiveAsync" ->
                  future(this.<Long>call(() -> (Long) redis.execute(List.of("PTTL", key))));
              default -> throw unsupported(method);
            });
  }

  private String owner(Object id) {
    return process.name() + ":" + id;
  }

  private void tryLock(
      String key, String owner, long lease, long end, CompletableFuture<Boolean> acquired) {
    this.<Boolean>call(
            () -> {
              boolean held = redis.tryLock(key, owner, lease);
              return kernel.chance(faults.falseLock) ? !held : held;
            })
        .whenComplete((held, failure) -> {
          if (failure != null) {
            acquired.completeExceptionally(failure);
          } else if (held || kernel.now() >= end) {
            acquired.complete(held);
          } else {
            process.startAfter(LOCK_POLL, THREAD, () -> tryLock(key, owner, lease, end, acquired));
          }
        });
  }

  private CompletableFuture<Void> unlock(String key, String owner) {
    return this.<Boolean>call(() -> redis.unlock(key, owner))
        .thenAccept(held -> {
          if (!held) {
            throw new IllegalMonitorStateException(
                "attempt to unlock lock, not locked by this owner");
          }
        })
        .handle((done, failure) -> failure)
        .thenCompose(failure ->
            failure == null
                ? CompletableFuture.<Void>completedFuture(null)
                : CompletableFuture.failedFuture(
                    failure instanceof java.util.concurrent.CompletionException
                        ? failure.getCause()
                        : failure));
  }

  /// One command of a batch.
  private record Queued<T>(Supplier<T> command, CompletableFuture<T> result) {

    @Nullable CommandError run() {
      try {
        result.complete(command.get());
        return null;
      } catch (CommandError e) {
        result.completeExceptionally(new RedisException(e.getMessage() + ". channel: simulated"));
        return e;
      }
    }
  }

  private RBatch batch() {
    List<Queued<?>> commands = new ArrayList<>();
    Target target =
        new Target() {
          @Override
          public <T> CompletableFuture<T> add(Supplier<T> command) {
            CompletableFuture<T> result = new CompletableFuture<>();
            commands.add(new Queued<>(command, result));
            return result;
          }
        };
    return proxy(
        RBatch.class,
        (self, method, arguments) ->
            switch (method.getName()) {
              case "execute", "executeAsync" -> {
                CompletableFuture<Object> executed = call(() -> execute(commands));
                // Without an answer of the server, no command has a result.
                executed.whenComplete((result, failure) -> {
                  if (failure != null) {
                    commands.forEach(one -> one.result().completeExceptionally(failure));
                  }
                });
                yield answer(method, executed);
              }
              default -> object(target, method, arguments);
            });
  }

  private static @Nullable Object execute(List<Queued<?>> commands) {
    CommandError first = null;
    for (Queued<?> command : commands) {
      CommandError error = command.run();
      first = first == null ? error : first;
    }
    if (first != null) {
      throw first;
    }
    return null;
  }
}
