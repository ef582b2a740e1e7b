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
import org.redisson.api.RedissonClient;
import org.redisson.client.RedisException;
import org.redisson.client.codec.StringCodec;

/// Commands of one round trip (one for each node of a cluster), with a separate reply for each. A
/// command with an error reply affects no other command.
public final class CommandBatch {

  private final List<Reply<?>> replies = new ArrayList<>();

  CommandBatch() {}

  /// Reply to one command.
  public static final class Reply<T> {

    private final String key;
    private final boolean repeatable;
    private final Function<RBatch, RFuture<T>> command;
    private CompletableFuture<T> result;

    private Reply(String key, boolean repeatable, Function<RBatch, RFuture<T>> command) {
      this.key = key;
      this.repeatable = repeatable;
      this.command = command;
    }

    private void addTo(RBatch batch) {
      result = command.apply(batch).toCompletableFuture();
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
    return add(new Reply<>(key, true, command));
  }

  /// Adds a command that is never repeated. It must not cause an error reply for a key of another
  /// type: use scripts that replace such a key.
  ///
  /// @param key for the log
  public <T> Reply<T> write(String key, Function<RBatch, RFuture<T>> command) {
    return add(new Reply<>(key, false, command));
  }

  /// Adds a script with one key and a number as its reply, as [#write].
  public Reply<Long> run(String key, String script, Object... arguments) {
    return write(
        key,
        commands ->
            commands
                .getScript(StringCodec.INSTANCE)
                .evalAsync(
                    key,
                    RScript.Mode.READ_WRITE,
                    script,
                    RScript.ReturnType.LONG,
                    List.of(key),
                    arguments));
  }

  private <T> Reply<T> add(Reply<T> reply) {
    replies.add(reply);
    return reply;
  }

  /// @throws RedisException if Redis did not answer
  void execute(RedissonClient client, UnreadableKeyLog unreadableKeys) {
    RBatch batch = client.createBatch(BatchOptions.defaults());
    replies.forEach(reply -> reply.addTo(batch));
    try {
      batch.execute();
      return;
    } catch (RedisException e) {
      if (!RedisErrorReplyException.isErrorReply(e)) {
        throw e;
      }
    }
    repeatFailedReads(client);
    for (Reply<?> reply : replies) {
      if (reply.isError()) {
        unreadableKeys.report(
            reply.key, RedisErrorReplyException.reply(reply.result.exceptionNow()));
      }
    }
  }

  /// In a cluster, an error reply of one node hides the replies of the other nodes.
  private void repeatFailedReads(RedissonClient client) {
    List<RFuture<?>> repeated = new ArrayList<>();
    for (Reply<?> reply : replies) {
      if (reply.repeatable && reply.isError()) {
        RBatch single = client.createBatch(BatchOptions.defaults());
        reply.addTo(single);
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
