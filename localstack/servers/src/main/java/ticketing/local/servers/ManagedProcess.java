package ticketing.local.servers;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// Child process with its output in a file. Ctrl-C of the terminal does not reach it, so that the
/// parent stops its children in order. It does not outlive this JVM.
public final class ManagedProcess {

  private static final int LAST_LINES = 20;
  private static final long TAIL_BYTES = 16_384;
  private static final long POLL_INTERVAL = 25; // ms
  private static final Duration KILL_TIMEOUT = Duration.ofSeconds(10);
  private static final boolean WINDOWS =
      System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");
  private static final List<String> DETACHED_PREFIX = detachedPrefix();

  private final String name;
  private final Path log;
  private final Process process;

  /// Set before a stop, which ends the process as expected.
  private volatile boolean ending;

  private ManagedProcess(String name, Path log, Process process) {
    this.name = name;
    this.log = log;
    this.process = process;
  }

  /// @param log file to which the output is appended
  /// @throws ServerException if the executable cannot be run
  public static ManagedProcess start(
      String name, List<String> command, Map<String, String> environment, Path folder, Path log) {
    List<String> line = new ArrayList<>(DETACHED_PREFIX);
    line.addAll(command);
    ProcessBuilder builder =
        new ProcessBuilder(line)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .redirectInput(ProcessBuilder.Redirect.from(nullDevice()));
    builder.environment().putAll(environment);
    try {
      Process process = builder.start();
      Watchdog.guard(process.toHandle());
      return new ManagedProcess(name, log, process);
    } catch (IOException e) {
      throw new ServerException(name + " could not be started: " + e.getMessage(), e);
    }
  }

  /// Blocks until the condition holds.
  ///
  /// @throws ServerException if the process ends or the time is over. Then the process is killed,
  ///   and the message has its last log lines.
  public void awaitReady(BooleanSupplier ready, Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    try {
      while (!process.waitFor(POLL_INTERVAL, TimeUnit.MILLISECONDS)) {
        if (ready.getAsBoolean()) {
          return;
        }
        if (System.nanoTime() > deadline) {
          kill();
          throw new ServerException(
              name + " was not ready within " + timeout.toSeconds() + " s" + tail());
        }
      }
      throw new ServerException(
          name + " ended with exit code " + process.exitValue() + " while starting" + tail());
    } catch (InterruptedException e) {
      kill();
      Thread.currentThread().interrupt();
      throw new ServerException("interrupted while " + name + " was starting", e);
    }
  }

  public String name() {
    return name;
  }

  public long pid() {
    return process.pid();
  }

  /// Processor time since the start; zero if the system does not report it.
  public Duration processorTime() {
    return process.info().totalCpuDuration().orElse(Duration.ZERO);
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  public Path log() {
    return log;
  }

  /// @throws IllegalThreadStateException while it runs
  public int exitCode() {
    return process.exitValue();
  }

  /// Sets a listener for an end without a stop. It runs in another thread.
  public void onUnexpectedEnd(Consumer<ManagedProcess> listener) {
    process
        .onExit()
        .thenRun(() -> {
          if (!ending) {
            listener.accept(this);
          }
        });
  }

  /// @return exit code
  /// @throws ServerException if the process does not end in time; then it is killed
  public int awaitExit(Duration timeout) {
    if (!ended(timeout)) {
      kill();
      throw new ServerException(
          name + " did not end within " + timeout.toSeconds() + " s" + tail());
    }
    return process.exitValue();
  }

  /// Stops the process with SIGTERM, and with SIGKILL after the grace period. It has ended on
  /// return.
  ///
  /// @return false if it was killed
  public boolean stop(Duration grace) {
    ending = true;
    process.destroy();
    if (ended(grace)) {
      return true;
    }
    kill();
    return false;
  }

  /// Kills the process with SIGKILL. It has ended on return.
  public void kill() {
    ending = true;
    process.destroyForcibly();
    if (!ended(KILL_TIMEOUT)) {
      throw new ServerException(name + " (pid " + pid() + ") did not end after SIGKILL");
    }
  }

  /// The last lines of the log, at most 20.
  public List<String> lastLines() {
    try (var file = Files.newByteChannel(log)) {
      file.position(Math.max(0, file.size() - TAIL_BYTES));
      var bytes = ByteBuffer.allocate((int) TAIL_BYTES);
      while (bytes.hasRemaining() && file.read(bytes) >= 0) {
        // Repeats until the buffer is full or the file ends.
      }
      List<String> lines =
          new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8).lines().toList();
      return lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size());
    } catch (IOException e) {
      return List.of("(no log at " + log + ")");
    }
  }

  private String tail() {
    return "; the last lines of " + log + ":\n  " + String.join("\n  ", lastLines());
  }

  /// Blocks without regard to interrupts, so that a stop completes.
  private boolean ended(Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return process.waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static File nullDevice() {
    return new File(WINDOWS ? "NUL" : "/dev/null");
  }

  /// Prefix of a command that shields the process from Ctrl-C of the terminal.
  static List<String> detachedPrefix() {
    if (WINDOWS) {
      return List.of();
    }
    for (String folder : System.getenv().getOrDefault("PATH", "/usr/bin").split(":")) {
      Path setsid = Path.of(folder, "setsid");
      if (Files.isExecutable(setsid)) {
        return List.of(setsid.toString());
      }
    }
    return List.of("/bin/sh", "-c", "trap '' INT; exec \"$0\" \"$@\"");
  }
}
