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

/// A child process whose output goes to a file. It gets no Ctrl-C of the terminal (whoever started
/// it stops it, in order), and it does not outlive this JVM, however that ends.
public final class ManagedProcess {

  private static final int LAST_LINES = 20;
  private static final long TAIL_BYTES = 16_384;
  private static final long POLL_MILLIS = 25;
  private static final Duration AFTER_KILL = Duration.ofSeconds(10);
  private static final boolean WINDOWS =
      System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");
  private static final List<String> APART = apart();

  private final String name;
  private final Path log;
  private final Process process;

  /// Set before it is told to end: what happens then is no accident.
  private volatile boolean ending;

  private ManagedProcess(String name, Path log, Process process) {
    this.name = name;
    this.log = log;
    this.process = process;
  }

  /// @param log what the process prints is appended here
  /// @throws ServerException if the executable cannot be run
  public static ManagedProcess start(
      String name, List<String> command, Map<String, String> environment, Path folder, Path log) {
    List<String> line = new ArrayList<>(APART);
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

  /// Returns when the condition holds.
  ///
  /// @throws ServerException if the process ends or the time is up before that; the process is then
  ///   dead and the message has its last lines
  public void awaitReady(BooleanSupplier ready, Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    try {
      while (!process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
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

  /// Processor time used so far; zero where the system does not say.
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

  /// Calls back, from another thread, when it ends although nobody told it to.
  public void onDeath(Consumer<ManagedProcess> listener) {
    process
        .onExit()
        .thenRun(
            () -> {
              if (!ending) {
                listener.accept(this);
              }
            });
  }

  /// @return the exit code
  /// @throws ServerException if it has not ended by then; it is dead in this case too
  public int awaitExit(Duration timeout) {
    if (!ended(timeout)) {
      kill();
      throw new ServerException(
          name + " did not end within " + timeout.toSeconds() + " s" + tail());
    }
    return process.exitValue();
  }

  /// Asks the process to end and kills it when it has not after this time. Dead on return.
  ///
  /// @return whether it ended by itself
  public boolean stop(Duration grace) {
    ending = true;
    process.destroy();
    if (ended(grace)) {
      return true;
    }
    kill();
    return false;
  }

  /// Kills without asking (`kill -9`). Dead on return.
  public void kill() {
    ending = true;
    process.destroyForcibly();
    if (!ended(AFTER_KILL)) {
      throw new ServerException(name + " (pid " + pid() + ") survives even a kill");
    }
  }

  /// The end of its log, at most 20 lines.
  public List<String> lastLines() {
    try (var file = Files.newByteChannel(log)) {
      file.position(Math.max(0, file.size() - TAIL_BYTES));
      var bytes = ByteBuffer.allocate((int) TAIL_BYTES);
      while (bytes.hasRemaining() && file.read(bytes) >= 0) {
        // until the buffer is full or the file ends
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

  /// A stop must be carried through even by an interrupted thread.
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

  /// What to put before a command so that the terminal's Ctrl-C does not reach it.
  static List<String> apart() {
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
