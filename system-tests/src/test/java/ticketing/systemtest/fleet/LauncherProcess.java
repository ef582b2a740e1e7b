package ticketing.systemtest.fleet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import ticketing.local.launcher.Launcher;
import ticketing.local.system.BootJar;

/// The launcher as a child of a shell, which takes the place of Maven. Its output goes to a file.
public final class LauncherProcess implements AutoCloseable {

  // MariaDB, Redis, ingress-api, notifier and the watchdog.
  private static final int FIXED_PROCESSES = 5;

  private static final Duration START_TIMEOUT = Duration.ofSeconds(300);
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(60);

  private final Process parent;
  private final Path output;

  private LauncherProcess(Process parent, Path output) {
    this.parent = parent;
    this.output = output;
  }

  /// @param settings values by name without `ticketing.`; the default of a port is a free one
  public static LauncherProcess start(Map<String, String> settings, Path output)
      throws IOException {
    List<String> command = new ArrayList<>();
    // Without exec, so that the shell remains the parent, like Maven.
    command.addAll(List.of("/bin/sh", "-c", "\"$0\" \"$@\"; exit $?", BootJar.java().toString()));
    command.addAll(List.of("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.add("-Dticketing.watch-parent=true");
    for (String port :
        List.of(
            "ingress.port",
            "ingress.management-port",
            "notifier.port",
            "notifier.management-port",
            "worker.management-port")) {
      command.add("-Dticketing." + port + "=" + settings.getOrDefault(port, "0"));
    }
    settings.forEach((name, value) -> command.add("-Dticketing." + name + "=" + value));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Launcher.class.getName()));
    Files.createDirectories(output.getParent());
    Process parent =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    return new LauncherProcess(parent, output);
  }

  public ProcessHandle parent() {
    return parent.toHandle();
  }

  public ProcessHandle launcher() {
    return parent.toHandle().children().findFirst().orElseThrow();
  }

  /// Descendants of the launcher with this word in the command line.
  public List<ProcessHandle> descendants(String word) {
    return parent
        .toHandle()
        .descendants()
        .filter(process -> process.info().commandLine().orElse("").contains(word))
        .toList();
  }

  public LauncherProcess awaitStartupMessage() {
    Awaitility.await()
        .atMost(START_TIMEOUT)
        .until(() -> !parent.isAlive() || printed().contains("Ctrl-C"));
    requireStarted();
    return this;
  }

  /// Blocks until all processes exist, ready or not.
  ///
  /// @return all processes, the launcher included
  public List<ProcessHandle> awaitProcesses(int workers) {
    Awaitility.await()
        .atMost(START_TIMEOUT)
        .until(() ->
            !parent.isAlive()
                || descendants("booking-worker").size() == workers
                    && parent.toHandle().descendants().count() == 1 + FIXED_PROCESSES + workers);
    requireStarted();
    List<ProcessHandle> all = new ArrayList<>(launcher().descendants().toList());
    all.add(launcher());
    return all;
  }

  private void requireStarted() {
    if (!parent.isAlive()) {
      throw new AssertionError("the launcher did not start:\n" + printed());
    }
  }

  /// @return exit code of the launcher
  public int awaitEnd() {
    try {
      if (parent.waitFor(STOP_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
        return parent.exitValue();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new AssertionError("the launcher did not end:\n" + printed());
  }

  public static void awaitAllEnded(List<ProcessHandle> processes) {
    CompletableFuture.allOf(
            processes.stream().map(ProcessHandle::onExit).toArray(CompletableFuture[]::new))
        .orTimeout(STOP_TIMEOUT.toSeconds(), TimeUnit.SECONDS)
        .join();
  }

  public String printed() {
    try {
      return Files.readString(output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// @return first printed line that contains the text
  public String line(String part) {
    return printed()
        .lines()
        .filter(line -> line.contains(part))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no line with " + part + " in\n" + printed()))
        .strip();
  }

  @Override
  public void close() {
    List<ProcessHandle> remaining =
        parent.isAlive() ? parent.toHandle().descendants().toList() : List.of();
    remaining.forEach(ProcessHandle::destroyForcibly);
    parent.destroyForcibly();
  }
}
