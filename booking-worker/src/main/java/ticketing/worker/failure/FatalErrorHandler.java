package ticketing.worker.failure;

import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/// Ends the process if a thread of the worker ends with an exception or an error. Without its
/// threads the process would receive messages and decide none of them.
///
/// The process halts without shutdown, because a shutdown may need the memory that is exhausted.
/// The queue delivers the messages of the process again after their visibility timeout.
@Component
public class FatalErrorHandler implements Thread.UncaughtExceptionHandler {

  /// Exit code of the process, `EX_SOFTWARE` of sysexits.h.
  public static final int EXIT_CODE = 70;

  private static final Logger log = LoggerFactory.getLogger(FatalErrorHandler.class);

  private final IntConsumer halt;

  FatalErrorHandler() {
    this(Runtime.getRuntime()::halt);
  }

  /// @param halt ends the process with an exit code
  protected FatalErrorHandler(IntConsumer halt) {
    this.halt = halt;
  }

  /// Returns true if the process cannot continue: its memory is exhausted or the JVM is broken. A
  /// stack overflow is not fatal: the batch that causes it fails.
  public static boolean isFatal(Throwable failure) {
    return failure instanceof VirtualMachineError && !(failure instanceof StackOverflowError);
  }

  @Override
  public void uncaughtException(Thread thread, Throwable failure) {
    try {
      log.error("ending process, thread={} exitCode={}", thread.getName(), EXIT_CODE, failure);
    } finally {
      halt.accept(EXIT_CODE);
    }
  }
}
