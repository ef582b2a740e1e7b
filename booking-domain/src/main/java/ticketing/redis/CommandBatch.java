package ticketing.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.redisson.api.BatchOptions;
import org.redisson.api.RBatch;
import org.redisson.api.RFuture;
import org.redisson.api.RScript;
import org.redisson.api.RScriptAsync;
import org.redisson.api.RedissonClient;
import org.redisson.client.RedisException;
import org.redisson.client.RedisNoScriptException;
import org.redisson.client.codec.Codec;
import org.redisson.client.codec.StringCodec;

/// Commands of one round trip (one for each node of a cluster), with a separate reply for each. A
/// command with an error reply affects no other command.
public final class CommandBatch {

  private final List<Reply<?>> replies = new ArrayList<>();
  private final LoadedScripts scripts;

  CommandBatch(LoadedScripts scripts) {
    this.scripts = scripts;
  }

  /// Command of a batch.
  private interface BatchCommand<T> {
    RFuture<T> addTo(RBatch batch, LoadedScripts scripts);
  }

  /// A script that the server has loaded is sent as its digest.
  private record Script<T>(
      String key,
      String text,
      Codec codec,
      RScript.ReturnType type,
      List<Object> keys,
      Object[] arguments)
      implements BatchCommand<T> {

    @Override
    public RFuture<T> addTo(RBatch batch, LoadedScripts scripts) {
      RScriptAsync script = batch.getScript(codec);
      RScript.Mode mode = RScript.Mode.READ_WRITE;
      return scripts
          .findDigest(text)
          .<RFuture<T>>map(digest -> script.evalShaAsync(key, mode, digest, type, keys, arguments))
          .orElseGet(() -> script.evalAsync(key, mode, text, type, keys, arguments));
    }
  }

  /// Reply to one command.
  public static final class Reply<T> {

    private final String key;
    private final boolean repeatable;
    private final BatchCommand<T> command;
    private CompletableFuture<T> result;

    private Reply(String key, boolean repeatable, BatchCommand<T> command) {
      this.key = key;
      this.repeatable = repeatable;
      this.command = command;
    }

    private void addTo(RBatch batch, LoadedScripts scripts) {
      result = command.addTo(batch, scripts).toCompletableFuture();
    }

    private boolean isUnknownScript() {
      return isError() && result.exceptionNow() instanceof RedisNoScriptException;
    }

    /// Empty after an error reply, or if the reply is nil.
    public Optional<T> value() {
      return isError() ? Optional.empty() : Optional.ofNullable(result.getNow(null));
    }

    public boolean isError() {
      return result.isCompletedExceptionally();
    }
  }

  /// Adds a command that has the same effect and reply when it is repeated. After an error reply in
  /// the batch, commands without a reply of their own are repeated.
  ///
  /// @param key for the log
  public <T> Reply<T> read(String key, Function<RBatch, RFuture<T>> command) {
    return add(new Reply<>(key, true, (batch, _) -> command.apply(batch)));
  }

  /// Adds a command that is never repeated. It must not cause an error reply for a key of another
  /// type: use scripts that replace such a key.
  ///
  /// @param key for the log
  public <T> Reply<T> write(String key, Function<RBatch, RFuture<T>> command) {
    return add(new Reply<>(key, false, (batch, _) -> command.apply(batch)));
  }

  /// Adds a script, as [#read].
  ///
  /// @param key for the log; one of the keys
  public <T> Reply<T> readByScript(
      String key,
      String script,
      Codec codec,
      RScript.ReturnType type,
      List<Object> keys,
      Object... arguments) {
    return add(new Reply<>(key, true, new Script<>(key, script, codec, type, keys, arguments)));
  }

  /// Adds a script, as [#write].
  ///
  /// @param key for the log; one of the keys
  public <T> Reply<T> writeByScript(
      String key,
      String script,
      Codec codec,
      RScript.ReturnType type,
      List<Object> keys,
      Object... arguments) {
    return add(new Reply<>(key, false, new Script<>(key, script, codec, type, keys, arguments)));
  }

  /// Adds a script with one key and a number as its reply, as [#write].
  public Reply<Long> run(String key, String script, Object... arguments) {
    return writeByScript(
        key, script, StringCodec.INSTANCE, RScript.ReturnType.LONG, List.of(key), arguments);
  }

  private <T> Reply<T> add(Reply<T> reply) {
    replies.add(reply);
    return reply;
  }

  /// @throws RedisException if Redis did not answer
  void execute(RedissonClient client, UnreadableKeyLog unreadableKeys) {
    boolean error = execute(client, replies);
    List<Reply<?>> unknown = replies.stream().filter(Reply::isUnknownScript).toList();
    if (!unknown.isEmpty()) {
      // The server has restarted. It ran none of these scripts.
      scripts.clear();
      execute(client, unknown);
    }
    for (Reply<?> reply : replies) {
      if (reply.command instanceof Script<?> script && !reply.isError()) {
        scripts.add(script.text());
      }
    }
    if (!error) {
      return;
    }
    repeatFailedReads(client);
    for (Reply<?> reply : replies) {
      if (reply.isError()) {
        unreadableKeys.report(
            reply.key, RedisErrorReplyException.reply(reply.result.exceptionNow()));
      }
    }
  }

  /// @return true if a command has an error reply
  private boolean execute(RedissonClient client, List<Reply<?>> commands) {
    RBatch batch = client.createBatch(BatchOptions.defaults());
    commands.forEach(reply -> reply.addTo(batch, scripts));
    try {
      batch.execute();
      return false;
    } catch (RedisException e) {
      if (!RedisErrorReplyException.isErrorReply(e)) {
        throw e;
      }
      return true;
    }
  }

  /// In a cluster, an error reply of one node hides the replies of the other nodes.
  private void repeatFailedReads(RedissonClient client) {
    List<RFuture<?>> repeated = new ArrayList<>();
    for (Reply<?> reply : replies) {
      if (reply.repeatable && reply.isError()) {
        RBatch single = client.createBatch(BatchOptions.defaults());
        reply.addTo(single, scripts);
        repeated.add(single.executeAsync());
      }
    }
    for (RFuture<?> one : repeated) {
      try {
        one.toCompletableFuture().join();
      } catch (CompletionException e) {
        if (!RedisErrorReplyException.isErrorReply(e.getCause())) {
          throw e;
        }
      }
    }
  }
}
