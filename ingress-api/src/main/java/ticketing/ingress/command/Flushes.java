package ticketing.ingress.command;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Calls what is due again and again, also after a turn that failed.
///
/// The SDK's batch manager has its flush called from the first message on, before it has put that
/// message where the flush looks. On a machine that is slow just then the flush comes first and
/// fails; a plain executor would never call it again, and no message would leave this process.
final class Flushes extends ScheduledThreadPoolExecutor {

  private static final Logger log = LoggerFactory.getLogger(Flushes.class);

  private boolean failing; // known to the one thread

  Flushes() {
    super(1, Thread.ofPlatform().daemon().name("gathering").factory());
  }

  @Override
  public ScheduledFuture<?> scheduleAtFixedRate(
      Runnable task, long delay, long period, TimeUnit unit) {
    return super.scheduleAtFixedRate(() -> attempt(task), delay, period, unit);
  }

  private void attempt(Runnable task) {
    try {
      task.run();
      failing = false;
    } catch (RuntimeException e) {
      // Once in a row: there are hundreds of turns a second.
      if (!failing) {
        log.info("A flush failed, the next one follows: {}", e.toString());
      }
      failing = true;
    }
  }
}
