package ticketing.systemtest.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Operating-system signals.
public final class Signals {

  private static final long INTERRUPT =
      1 << 1; // signal 2 in a mask with signal 1 as the lowest bit

  private Signals() {}

  /// True if this process ignores SIGINT, and therefore each child too. A shell starts background
  /// processes in this way.
  public static boolean ignoresInterrupts() throws IOException {
    Path status = Path.of("/proc/self/status"); // Linux
    if (!Files.exists(status)) {
      return false;
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("SigIgn:"))
        .map(line -> Long.parseUnsignedLong(line.substring("SigIgn:".length()).strip(), 16))
        .anyMatch(ignored -> (ignored & INTERRUPT) != 0);
  }

  /// @param signal such as `STOP`
  public static void send(String signal, long pid) {
    try {
      int code =
          new ProcessBuilder("kill", "-" + signal, Long.toString(pid))
              .inheritIO()
              .start()
              .waitFor();
      if (code != 0) {
        throw new AssertionError("kill -" + signal + " " + pid + " ended with " + code);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
