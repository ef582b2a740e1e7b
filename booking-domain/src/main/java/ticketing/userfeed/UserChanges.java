package ticketing.userfeed;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import ticketing.concurrent.BatchingExecutor;
import ticketing.domain.Json;
import ticketing.redis.RedisGateway;
import tools.jackson.core.JacksonException;

/// Redis channel `users`. A message contains one [UserChange] as JSON in each line.
///
/// Changes published while a subscriber is disconnected are lost: it reads the current state when
/// it is subscribed again.
public final class UserChanges {

  private static final String CHANNEL = "users";
  private static final int MAX_BATCH_SIZE = 200; // changes in a message
  private static final int MAX_QUEUED_CHANGES = 10_000;

  private final RedisGateway redis;
  private final Semaphore permits = new Semaphore(MAX_QUEUED_CHANGES);
  private final BatchingExecutor<UserChange, Boolean> batches =
      new BatchingExecutor<>("publish-user-changes", MAX_BATCH_SIZE, 1, this::publishBatch);

  public UserChanges(RedisGateway redis) {
    this.redis = redis;
  }

  /// Publishes changes in one message.
  ///
  /// @throws ticketing.redis.RedisUnavailableException if Redis is down
  public void publish(Collection<? extends UserChange> changes) {
    if (changes.isEmpty()) {
      return;
    }
    String message =
        changes.stream().map(Json.INTERNAL::writeValueAsString).collect(Collectors.joining("\n"));
    redis.publish(CHANNEL, message);
  }

  /// Publishes a change in the background. The change is dropped if Redis is down, or if 10,000
  /// changes are queued.
  public void publishLater(UserChange change) {
    if (permits.tryAcquire()) {
      batches.submit(change).whenComplete((done, failure) -> permits.release());
    }
  }

  private List<Boolean> publishBatch(List<UserChange> changes) {
    publish(changes);
    return changes.stream().map(change -> true).toList();
  }

  /// Subscribes to the published changes, see [ticketing.status.StatusStore#subscribe].
  ///
  /// @throws ticketing.redis.RedisUnavailableException if Redis is down; the caller must try again
  public void subscribe(Consumer<UserChange> listener, Runnable resubscribed) {
    redis.subscribe(
        CHANNEL,
        message -> message.lines().forEach(line -> parse(line).ifPresent(listener)),
        resubscribed);
  }

  /// Empty if the line is unreadable, for example a change of a newer version.
  private Optional<UserChange> parse(String line) {
    try {
      return Optional.ofNullable(Json.INTERNAL.readValue(line, UserChange.class));
    } catch (JacksonException e) {
      redis.reportUnreadable("channel " + CHANNEL, e.getClass().getSimpleName());
      return Optional.empty();
    }
  }
}
