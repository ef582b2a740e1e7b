package ticketing.notifier.background;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.NestedExceptionUtils;
import ticketing.redis.RedisUnavailableException;

/// Virtual threads that run until this object is closed.
public final class BackgroundThreads implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(BackgroundThreads.class);
  private static final Duration MIN_RETRY_DELAY = Duration.ofMillis(100);
  private static final Duration MAX_RETRY_DELAY = Duration.ofSeconds(3);

  /// Work that may block.
  public interface Task {
    void run() throws InterruptedException;
  }

  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean closed;

  /// Repeats a task. A failure is logged and delays the next run by 100 ms.
  public void repeat(String name, Task task) {
    start(
        name,
        () -> {
          while (!closed) {
            try {
              task.run();
            } catch (RuntimeException e) {
              if (!closed) {
                log.error("background task failed, name={}", name, e);
                Thread.sleep(MIN_RETRY_DELAY);
              }
            }
          }
        });
  }

  /// Subscribes to a Redis channel, with retries until Redis is available. The Redis client
  /// restores a lost subscription without this class.
  public void subscribeWithRetry(String channel, Runnable subscribe) {
    start(
        "subscribe-" + channel,
        () -> {
          Duration delay = MIN_RETRY_DELAY;
          while (!closed) {
            try {
              subscribe.run();
              log.info("subscribed to channel, channel={}", channel);
              return;
            } catch (RedisUnavailableException e) {
              // Only the type: messages of the Redis client repeat the command and its arguments.
              String cause =
                  NestedExceptionUtils.getMostSpecificCause(e).getClass().getSimpleName();
              log.warn(
                  "cannot subscribe to channel, channel={} cause={} retry={}ms",
                  channel,
                  cause,
                  delay.toMillis());
            }
            Thread.sleep(delay);
            Duration doubled = delay.multipliedBy(2);
            delay = doubled.compareTo(MAX_RETRY_DELAY) > 0 ? MAX_RETRY_DELAY : doubled;
          }
        });
  }

  private void start(String name, Task task) {
    threads.add(
        Thread.ofVirtual()
            .name(name)
            .start(() -> {
              try {
                task.run();
              } catch (InterruptedException e) {
                log.debug("background thread stopped, name={}", name);
              }
            }));
  }

  @Override
  public void close() {
    closed = true;
    threads.forEach(Thread::interrupt);
  }
}
