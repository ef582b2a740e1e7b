package ticketing.redis;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Subscription to a channel that is retried once a second until Redis is available. Redisson
/// renews an established subscription after each reconnect.
public final class RedisSubscription implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(RedisSubscription.class);

  private static final Duration RETRY_INTERVAL = Duration.ofSeconds(1);

  private final Thread thread;

  private RedisSubscription(Thread thread) {
    this.thread = thread;
  }

  /// Starts to subscribe on a virtual thread.
  ///
  /// @param channel name for the log
  /// @param subscribe throws [RedisUnavailableException] if it is to be retried
  public static RedisSubscription start(String channel, Runnable subscribe) {
    return new RedisSubscription(
        Thread.ofVirtual()
            .name("subscribe-" + channel)
            .start(() -> subscribeUntilUp(channel, subscribe)));
  }

  private static void subscribeUntilUp(String channel, Runnable subscribe) {
    while (!Thread.currentThread().isInterrupted()) {
      try {
        subscribe.run();
        return;
      } catch (RedisUnavailableException e) {
        log.debug("cannot subscribe, channel={}, cause={}", channel, e.getMessage());
      }
      try {
        Thread.sleep(RETRY_INTERVAL);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /// Ends the retries. An established subscription lasts until the connection closes.
  @Override
  public void close() {
    thread.interrupt();
  }
}
