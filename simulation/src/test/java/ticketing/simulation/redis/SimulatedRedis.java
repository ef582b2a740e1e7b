package ticketing.simulation.redis;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import ticketing.simulation.kernel.Kernel;
import ticketing.simulation.redis.RedisReply.CommandError;
import ticketing.simulation.redis.RedisReply.Status;

/// State of one Redis server, and the commands that the production code uses. Keys, members and
/// values are bytes, represented as ISO 8859-1 text.
public final class SimulatedRedis {

  private static final Status OK = new Status("OK");

  private final Kernel kernel;
  private final Map<String, Value> keys = new TreeMap<>();
  private BiConsumer<String, String> subscriber = (channel, message) -> {};
  private WriteListener writeListener = (key, old, stored) -> {};

  /// Receives each string that a command stores.
  public interface WriteListener {

    /// @param old former content; null: none, or no string
    void stored(String key, @Nullable String old, String stored);
  }

  public SimulatedRedis(Kernel kernel) {
    this.kernel = kernel;
  }

  private static final class Value {
    final Object content; // String, Map (hash), Set, or SortedSet
    long expiresAt = Long.MAX_VALUE;

    Value(Object content) {
      this.content = content;
    }
  }

  private record SortedSet(Map<String, Double> scores) {

    List<Map.Entry<String, Double>> entries() {
      List<Map.Entry<String, Double>> entries = new ArrayList<>(scores.entrySet());
      entries.sort(
          Map.Entry.<String, Double>comparingByValue().thenComparing(Map.Entry.comparingByKey()));
      return entries;
    }
  }

  static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /// Receives each published message.
  public void subscribe(BiConsumer<String, String> subscriber) {
    this.subscriber = subscriber;
  }

  public void observeWrites(WriteListener listener) {
    this.writeListener = listener;
  }

  /// Returns the string of a key; null: none, or no string.
  public @Nullable String string(String key) {
    Value value = find(key);
    return value != null && value.content instanceof String content ? content : null;
  }

  public void flush() {
    keys.clear();
  }

  public void evictRandomKey() {
    if (!keys.isEmpty()) {
      List<String> all = List.copyOf(keys.keySet());
      String key = all.get(kernel.random().nextInt(all.size()));
      kernel.log().add("redis", "evicts " + printable(key));
      keys.remove(key);
    }
  }

  /// Replaces a random key by a foreign value of a random type.
  public void corruptRandomKey() {
    if (!keys.isEmpty()) {
      List<String> all = List.copyOf(keys.keySet());
      String key = all.get(kernel.random().nextInt(all.size()));
      Object foreign =
          switch (kernel.random().nextInt(3)) {
            case 0 -> "garbage";
            case 1 -> new LinkedHashMap<>(Map.of("field", "garbage"));
            default -> new LinkedHashSet<>(Set.of("garbage"));
          };
      kernel.log().add("redis", "corrupts " + printable(key));
      keys.put(key, new Value(foreign));
    }
  }

  private static String printable(String key) {
    return key.chars().allMatch(c -> c >= ' ' && c < 127) ? key : "binary";
  }

  private @Nullable Value find(String key) {
    Value value = keys.get(key);
    if (value != null && value.expiresAt <= kernel.now()) {
      keys.remove(key);
      return null;
    }
    return value;
  }

  private <T> @Nullable T find(String key, Class<T> type) {
    Value value = find(key);
    if (value == null) {
      return null;
    }
    if (!type.isInstance(value.content)) {
      throw CommandError.wrongType();
    }
    return type.cast(value.content);
  }

  private <T> T findOrCreate(String key, Class<T> type, T created) {
    T found = find(key, type);
    if (found == null) {
      keys.put(key, new Value(created));
      return created;
    }
    return found;
  }

  @SuppressWarnings("unchecked")
  private Map<String, String> hash(String key) {
    return find(key, Map.class);
  }

  private void removeIfEmpty(String key, boolean empty) {
    if (empty) {
      keys.remove(key);
    }
  }

  private static double score(String text) {
    return switch (text) {
      case "-inf" -> Double.NEGATIVE_INFINITY;
      case "+inf" -> Double.POSITIVE_INFINITY;
      default -> Double.parseDouble(text);
    };
  }

  static String format(double number) {
    return number == Math.rint(number) && Math.abs(number) < 1e17
        ? String.valueOf((long) number)
        : String.valueOf(number);
  }

  private record Range(double min, boolean minExclusive, double max, boolean maxExclusive) {

    static Range of(String min, String max) {
      boolean minExclusive = min.startsWith("(");
      boolean maxExclusive = max.startsWith("(");
      return new Range(
          score(minExclusive ? min.substring(1) : min),
          minExclusive,
          score(maxExclusive ? max.substring(1) : max),
          maxExclusive);
    }

    boolean contains(double score) {
      return (minExclusive ? score > min : score >= min)
          && (maxExclusive ? score < max : score <= max);
    }
  }

  private List<Map.Entry<String, Double>> entries(String key) {
    SortedSet set = find(key, SortedSet.class);
    return set == null ? List.of() : set.entries();
  }

  private static <T> List<T> slice(List<T> all, String from, String to) {
    int start = (int) Double.parseDouble(from);
    int end = (int) Double.parseDouble(to);
    start = start < 0 ? Math.max(0, all.size() + start) : start;
    end = end < 0 ? all.size() + end : Math.min(end, all.size() - 1);
    return start > end ? List.of() : all.subList(start, end + 1);
  }

  private static List<Object> reply(List<Map.Entry<String, Double>> entries, boolean withScores) {
    List<Object> reply = new ArrayList<>();
    for (Map.Entry<String, Double> entry : entries) {
      reply.add(bytes(entry.getKey()));
      if (withScores) {
        reply.add(bytes(format(entry.getValue())));
      }
    }
    return reply;
  }

  /// Executes one command.
  ///
  /// @return a number, bytes, a list, a status or null
  /// @throws CommandError for an error reply
  @Nullable Object execute(List<String> arguments) {
    String command = arguments.getFirst().toUpperCase(Locale.ROOT);
    List<String> a = arguments.subList(1, arguments.size());
    return switch (command) {
      case "GET" -> {
        String value = find(a.get(0), String.class);
        yield value == null ? null : bytes(value);
      }
      case "SET" -> {
        writeListener.stored(a.get(0), string(a.get(0)), a.get(1));
        Value value = new Value(a.get(1));
        if (a.size() > 2 && a.get(2).equals("KEEPTTL")) {
          Value replaced = find(a.get(0));
          value.expiresAt = replaced == null ? Long.MAX_VALUE : replaced.expiresAt;
        } else if (a.size() > 2) {
          value.expiresAt = kernel.now() + seconds(a.get(3));
        }
        keys.put(a.get(0), value);
        yield OK;
      }
      case "DEL", "UNLINK" -> {
        long removed = 0;
        for (String key : a) {
          removed += find(key) != null && keys.remove(key) != null ? 1 : 0;
        }
        yield removed;
      }
      case "EXISTS" -> find(a.get(0)) == null ? 0L : 1L;
      case "TYPE" -> new Status(type(find(a.get(0))));
      case "PTTL" -> {
        Value value = find(a.get(0));
        yield value == null
            ? -2L
            : value.expiresAt == Long.MAX_VALUE
                ? -1L
                : TimeUnit.NANOSECONDS.toMillis(value.expiresAt - kernel.now());
      }
      case "EXPIRE" -> {
        Value value = find(a.get(0));
        if (value != null) {
          value.expiresAt = kernel.now() + seconds(a.get(1));
        }
        yield value == null ? 0L : 1L;
      }
      case "PUBLISH" -> {
        subscriber.accept(a.get(0), a.get(1));
        yield 1L;
      }
      case "TIME" -> {
        long micros = Kernel.START.toEpochMilli() * 1_000 + kernel.now() / 1_000;
        yield List.of(
            bytes(String.valueOf(micros / 1_000_000)), bytes(String.valueOf(micros % 1_000_000)));
      }
      case "HGET" -> {
        Map<String, String> hash = hash(a.get(0));
        yield hash == null || !hash.containsKey(a.get(1)) ? null : bytes(hash.get(a.get(1)));
      }
      case "HMGET" -> {
        Map<String, String> hash = hash(a.get(0));
        List<Object> values = new ArrayList<>();
        for (String field : a.subList(1, a.size())) {
          String value = hash == null ? null : hash.get(field);
          values.add(value == null ? null : bytes(value));
        }
        yield values;
      }
      case "HSET" -> {
        hash(a.get(0));
        @SuppressWarnings("unchecked")
        Map<String, String> hash = findOrCreate(a.get(0), Map.class, new LinkedHashMap<>());
        for (int i = 1; i + 1 < a.size(); i += 2) {
          hash.put(a.get(i), a.get(i + 1));
        }
        yield 1L;
      }
      case "SADD" -> {
        @SuppressWarnings("unchecked")
        Set<String> set = findOrCreate(a.get(0), Set.class, new LinkedHashSet<>());
        long added = 0;
        for (String member : a.subList(1, a.size())) {
          added += set.add(member) ? 1 : 0;
        }
        yield added;
      }
      case "SREM" -> {
        Set<?> set = find(a.get(0), Set.class);
        long removed = 0;
        for (String member : a.subList(1, a.size())) {
          removed += set != null && set.remove(member) ? 1 : 0;
        }
        removeIfEmpty(a.get(0), set != null && set.isEmpty());
        yield removed;
      }
      case "SRANDMEMBER" -> {
        Set<?> set = find(a.get(0), Set.class);
        List<Object> members = new ArrayList<>();
        if (set != null) {
          set.forEach(member -> members.add(bytes((String) member)));
        }
        Collections.shuffle(members, new java.util.Random(kernel.random().nextLong()));
        yield members.subList(0, Math.min(members.size(), Integer.parseInt(a.get(1))));
      }
      default -> executeSortedSet(command, a);
    };
  }

  private static long seconds(String text) {
    return (long) (Double.parseDouble(text) * 1e9);
  }

  private static String type(@Nullable Value value) {
    return switch (value == null ? null : value.content) {
      case null -> "none";
      case String _ -> "string";
      case Map<?, ?> _ -> "hash";
      case Set<?> _ -> "set";
      case SortedSet _ -> "zset";
      default -> throw new IllegalStateException();
    };
  }

  private @Nullable Object executeSortedSet(String command, List<String> a) {
    String key = a.get(0);
    return switch (command) {
      case "ZADD" -> {
        boolean onlyNew = a.get(1).equalsIgnoreCase("NX");
        SortedSet set = findOrCreate(key, SortedSet.class, new SortedSet(new LinkedHashMap<>()));
        long added = 0;
        for (int i = onlyNew ? 2 : 1; i + 1 < a.size(); i += 2) {
          if (set.scores.containsKey(a.get(i + 1))) {
            if (!onlyNew) {
              set.scores.put(a.get(i + 1), score(a.get(i)));
            }
          } else {
            set.scores.put(a.get(i + 1), score(a.get(i)));
            added++;
          }
        }
        yield added;
      }
      case "ZREM" -> {
        SortedSet set = find(key, SortedSet.class);
        long removed = 0;
        for (String member : a.subList(1, a.size())) {
          removed += set != null && set.scores.remove(member) != null ? 1 : 0;
        }
        removeIfEmpty(key, set != null && set.scores.isEmpty());
        yield removed;
      }
      case "ZCARD" -> (long) entries(key).size();
      case "ZSCORE" -> {
        SortedSet set = find(key, SortedSet.class);
        Double score = set == null ? null : set.scores.get(a.get(1));
        yield score == null ? null : bytes(format(score));
      }
      case "ZRANK" -> {
        List<String> members = entries(key).stream().map(Map.Entry::getKey).toList();
        int rank = members.indexOf(a.get(1));
        yield rank < 0 ? null : (Long) (long) rank;
      }
      case "ZCOUNT" -> {
        Range range = Range.of(a.get(1), a.get(2));
        yield entries(key).stream().filter(entry -> range.contains(entry.getValue())).count();
      }
      case "ZRANGE" -> reply(slice(entries(key), a.get(1), a.get(2)), a.size() > 3);
      case "ZREVRANGE" -> reply(slice(entries(key).reversed(), a.get(1), a.get(2)), a.size() > 3);
      case "ZRANGEBYSCORE" -> byScore(entries(key), Range.of(a.get(1), a.get(2)), a);
      case "ZREVRANGEBYSCORE" -> byScore(entries(key).reversed(), Range.of(a.get(2), a.get(1)), a);
      case "ZREMRANGEBYSCORE" -> {
        SortedSet set = find(key, SortedSet.class);
        Range range = Range.of(a.get(1), a.get(2));
        long before = set == null ? 0 : set.scores.size();
        if (set != null) {
          set.scores.values().removeIf(range::contains);
          removeIfEmpty(key, set.scores.isEmpty());
        }
        yield set == null ? 0L : before - set.scores.size();
      }
      default -> throw new CommandError("ERR unknown command '" + command + "'");
    };
  }

  private static List<Object> byScore(
      List<Map.Entry<String, Double>> entries, Range range, List<String> a) {
    var found = entries.stream().filter(entry -> range.contains(entry.getValue())).toList();
    if (a.size() > 3) {
      int offset = Integer.parseInt(a.get(4));
      int count = (int) Double.parseDouble(a.get(5));
      found = found.subList(Math.min(offset, found.size()), Math.min(found.size(), offset + count));
    }
    return reply(found, false);
  }

  /// Entries of a sorted set from `start` to `stop`, lowest score first.
  List<Map.Entry<String, Double>> range(String key, int start, int stop) {
    return slice(entries(key), String.valueOf(start), String.valueOf(stop));
  }

  /// Acquires a lock, as Redisson does: a hash of its owner.
  boolean tryLock(String key, String owner, long leaseNanos) {
    Map<String, String> hash = hash(key);
    if (hash != null && !hash.containsKey(owner)) {
      return false;
    }
    keys.put(key, new Value(new LinkedHashMap<>(Map.of(owner, "1"))));
    keys.get(key).expiresAt = kernel.now() + leaseNanos;
    return true;
  }

  /// @return false if the owner does not hold the lock
  boolean unlock(String key, String owner) {
    Map<String, String> hash = hash(key);
    if (hash == null || !hash.containsKey(owner)) {
      return false;
    }
    keys.remove(key);
    return true;
  }
}
