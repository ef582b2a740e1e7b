package ticketing.notifier.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.NestedExceptionUtils;
import ticketing.redis.RedisUnavailableException;

/// Virtual threads that work until they are told to stop.
public final class BackgroundThreads implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(BackgroundThreads.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(3);

  public interface Turn {
    void run() throws InterruptedException;
  }

  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean closed;

  /// Takes one turn after the other. A turn that fails is reported, and the next one goes on.
  public void forever(String name, Turn turn) {
    begin(
        name,
        () -> {
          while (!closed) {
            try {
              turn.run();
            } catch (RuntimeException e) {
              if (!closed) {
                log.error("A turn of {} failed", name, e);
                Thread.sleep(FIRST_PAUSE);
              }
            }
          }
        });
  }

  /// Starts to listen to a channel, however long Redis takes to come up. Once begun, the client of
  /// Redis subscribes again by itself whenever the connection was lost.
  public void listen(String channel, Runnable listen) {
    begin(
        "listen-" + channel,
        () -> {
          Duration pause = FIRST_PAUSE;
          while (!closed) {
            try {
              listen.run();
              log.info("Listening to {}", channel);
              return;
            } catch (RedisUnavailableException e) {
              // Its kind alone: messages of Redis' client repeat what was sent.
              String why = NestedExceptionUtils.getMostSpecificCause(e).getClass().getSimpleName();
              log.warn("Cannot listen to {} yet: {}, next attempt in {}", channel, why, pause);
            }
            Thread.sleep(pause);
            pause = pause.multipliedBy(2);
            if (pause.compareTo(LONGEST_PAUSE) > 0) {
              pause = LONGEST_PAUSE;
            }
          }
        });
  }

  private void begin(String name, Turn work) {
    threads.add(
        Thread.ofVirtual()
            .name(name)
            .start(
                () -> {
                  try {
                    work.run();
                  } catch (InterruptedException e) {
                    log.debug("{} has been stopped", name);
                  }
                }));
  }

  @Override
  public void close() {
    closed = true;
    threads.forEach(Thread::interrupt);
  }
}
