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

/// A launcher as Maven would start it: a JVM under a parent that it watches, printing to a file.
public final class LauncherProcess implements AutoCloseable {

  /// MariaDB, Redis, ingress-api, notifier and the watchdog.
  private static final int OTHERS = 5;

  private static final Duration START = Duration.ofSeconds(300);
  private static final Duration END = Duration.ofSeconds(60);

  private final Process parent;
  private final Path output;

  private LauncherProcess(Process parent, Path output) {
    this.parent = parent;
    this.output = output;
  }

  /// @param settings without `ticketing.`; free ports unless they say otherwise
  public static LauncherProcess with(Map<String, String> settings, Path output) throws IOException {
    List<String> command = new ArrayList<>();
    // Not exec: the shell stays the parent, as Maven does.
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

  /// All that the launcher has started and whose command line has this word.
  public List<ProcessHandle> started(String word) {
    return launcher()
        .descendants()
        .filter(one -> one.info().commandLine().orElse("").contains(word))
        .toList();
  }

  public LauncherProcess awaitScreen() {
    Awaitility.await().atMost(START).until(() -> !parent.isAlive() || printed().contains("Ctrl-C"));
    if (!parent.isAlive()) {
      throw new AssertionError("it has not come up:\n" + printed());
    }
    return this;
  }

  /// Every process is there, ready or not; the watchdog too.
  public List<ProcessHandle> awaitProcesses(int workers) {
    Awaitility.await()
        .atMost(START)
        .until(
            () ->
                started("booking-worker").size() == workers
                    && launcher().descendants().count() == OTHERS + workers);
    List<ProcessHandle> all = new ArrayList<>(launcher().descendants().toList());
    all.add(launcher());
    return all;
  }

  /// The exit code.
  public int awaitEnd() {
    try {
      if (parent.waitFor(END.toSeconds(), TimeUnit.SECONDS)) {
        return parent.exitValue();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new AssertionError("it does not end:\n" + printed());
  }

  public static void awaitGone(List<ProcessHandle> processes) {
    CompletableFuture.allOf(
            processes.stream().map(ProcessHandle::onExit).toArray(CompletableFuture[]::new))
        .orTimeout(END.toSeconds(), TimeUnit.SECONDS)
        .join();
  }

  public String printed() {
    try {
      return Files.readString(output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The printed line that has this in it.
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
    List<ProcessHandle> left =
        parent.isAlive() ? parent.toHandle().descendants().toList() : List.of();
    left.forEach(ProcessHandle::destroyForcibly);
    parent.destroyForcibly();
  }
}
