package ticketing.simulation.redis;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.luaj.vm2.Globals;
import org.luaj.vm2.LuaClosure;
import org.luaj.vm2.LuaError;
import org.luaj.vm2.LuaString;
import org.luaj.vm2.LuaTable;
import org.luaj.vm2.LuaValue;
import org.luaj.vm2.Prototype;
import org.luaj.vm2.Varargs;
import org.luaj.vm2.compiler.LuaC;
import org.luaj.vm2.lib.VarArgFunction;
import org.luaj.vm2.lib.jse.JsePlatform;
import ticketing.simulation.redis.RedisReply.CommandError;
import ticketing.simulation.redis.RedisReply.Status;

/// Runs the Lua scripts of the production code against a simulated Redis, with the conversions of
/// replies that Redis documents for `EVAL`.
final class LuaScripts {

  private static final Map<String, Prototype> COMPILED = new ConcurrentHashMap<>();
  private static final Map<String, String> BY_DIGEST = new ConcurrentHashMap<>();
  private static final ThreadLocal<LuaScripts> OF_THREAD = ThreadLocal.withInitial(LuaScripts::new);

  private final Globals globals = JsePlatform.standardGlobals();
  private SimulatedRedis redis;

  private LuaScripts() {
    globals.set("unpack", globals.get("table").get("unpack"));
    LuaTable library = new LuaTable();
    library.set("call", new Command(true));
    library.set("pcall", new Command(false));
    globals.set("redis", library);
  }

  /// @param keys ISO 8859-1, as the arguments
  /// @throws CommandError for an error reply of the script
  static @Nullable Object eval(
      SimulatedRedis redis, String script, List<String> keys, List<String> arguments) {
    LuaScripts scripts = OF_THREAD.get();
    scripts.redis = redis;
    scripts.globals.set("KEYS", table(keys));
    scripts.globals.set("ARGV", table(arguments));
    try {
      return reply(
          new LuaClosure(COMPILED.computeIfAbsent(script, LuaScripts::compile), scripts.globals)
              .call());
    } catch (LuaError e) {
      throw e.getCause() instanceof CommandError error
          ? error
          : new CommandError("ERR " + e.getMessage());
    }
  }

  /// Returns the script with a digest. A process knows only digests of scripts that ran.
  static String find(String sha1) {
    return BY_DIGEST.get(sha1);
  }

  private static String sha1(String script) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-1").digest(script.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Prototype compile(String script) {
    BY_DIGEST.put(sha1(script), script);
    try {
      return LuaC.instance.compile(
          new ByteArrayInputStream(script.getBytes(StandardCharsets.UTF_8)), "script");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static LuaTable table(List<String> values) {
    LuaTable table = new LuaTable();
    for (int i = 0; i < values.size(); i++) {
      table.set(i + 1, string(values.get(i)));
    }
    return table;
  }

  private static LuaString string(String latin1) {
    return LuaString.valueOf(SimulatedRedis.bytes(latin1));
  }

  private final class Command extends VarArgFunction {
    private final boolean raise;

    Command(boolean raise) {
      this.raise = raise;
    }

    @Override
    public Varargs invoke(Varargs arguments) {
      List<String> command = new ArrayList<>(arguments.narg());
      for (int i = 1; i <= arguments.narg(); i++) {
        LuaValue value = arguments.arg(i);
        command.add(
            value.type() == LuaValue.TNUMBER
                ? SimulatedRedis.format(value.todouble())
                : SimulatedRedis.text(bytes(value.checkstring())));
      }
      try {
        return value(redis.execute(command));
      } catch (CommandError e) {
        if (raise) {
          throw new LuaError(e);
        }
        LuaTable error = new LuaTable();
        error.set("err", string(e.getMessage()));
        return error;
      }
    }
  }

  private static byte[] bytes(LuaString value) {
    byte[] bytes = new byte[value.length()];
    value.copyInto(0, bytes, 0, bytes.length);
    return bytes;
  }

  /// Reply of a command as Lua value. Nil is false.
  private static LuaValue value(@Nullable Object reply) {
    return switch (reply) {
      case null -> LuaValue.FALSE;
      case Long number -> LuaValue.valueOf(number);
      case byte[] bytes -> LuaString.valueOf(bytes);
      case Status status -> {
        LuaTable table = new LuaTable();
        table.set("ok", string(status.text()));
        yield table;
      }
      case List<?> list -> {
        LuaTable table = new LuaTable();
        for (int i = 0; i < list.size(); i++) {
          table.set(i + 1, value(list.get(i)));
        }
        yield table;
      }
      default -> throw new IllegalArgumentException(reply.toString());
    };
  }

  /// Result of a script as reply. A number is truncated; a list ends at its first nil.
  private static @Nullable Object reply(LuaValue value) {
    return switch (value.type()) {
      case LuaValue.TNIL -> null;
      case LuaValue.TBOOLEAN -> value.toboolean() ? (Object) 1L : null;
      case LuaValue.TNUMBER -> (Object) (long) value.todouble();
      case LuaValue.TSTRING -> bytes(value.checkstring());
      case LuaValue.TTABLE -> {
        if (!value.get("err").isnil()) {
          throw new CommandError(value.get("err").tojstring());
        }
        List<Object> list = new ArrayList<>();
        for (int i = 1; !value.get(i).isnil(); i++) {
          list.add(reply(value.get(i)));
        }
        yield list;
      }
      default -> throw new IllegalArgumentException(value.typename());
    };
  }
}
