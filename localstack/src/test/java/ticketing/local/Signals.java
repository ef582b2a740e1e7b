package ticketing.local;

import java.io.IOException;

/// Signals that Java cannot send itself.
final class Signals {

  private Signals() {}

  /// @param signal such as `STOP`
  static void send(String signal, long pid) {
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
