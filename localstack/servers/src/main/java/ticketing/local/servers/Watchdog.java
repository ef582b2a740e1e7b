package ticketing.local.servers;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Ends the children of a JVM that could not do so itself, for instance after `kill -9`. It is a
/// tiny process of its own, holding the other end of a pipe from that JVM: the operating system
/// closes the pipe whatever way the JVM ends.
///
/// The pipe carries one line per child: its pid and its start time in milliseconds, so that a pid
/// the system has given to somebody else since is not mistaken for the child.
public final class Watchdog {

  private static final Duration GRACE = Duration.ofSeconds(15);

  private static Process guardian;

  private Watchdog() {}

  /// From now on the process ends when this JVM does.
  static synchronized void guard(ProcessHandle child) throws IOException {
    if (guardian == null || !guardian.isAlive()) {
      guardian = start();
    }
    long started = child.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    OutputStream pipe = guardian.getOutputStream();
    pipe.write((child.pid() + " " + started + "\n").getBytes(StandardCharsets.US_ASCII));
    pipe.flush();
  }

  private static Process start() throws IOException {
    List<String> command = new ArrayList<>(ManagedProcess.apart());
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx16m",
            "-Xss256k",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            ownClasses(),
            Watchdog.class.getName()));
    return new ProcessBuilder(command)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  private static String ownClasses() {
    try {
      return new File(Watchdog.class.getProtectionDomain().getCodeSource().getLocation().toURI())
          .getPath();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Waits for the end of standard input, then ends every process it was told of: first all of them
  /// gently, after 15 s by force.
  public static void main(String[] arguments) throws IOException, InterruptedException {
    List<ProcessHandle> children = new ArrayList<>();
    try (var input =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII))) {
      for (String line = input.readLine(); line != null; line = input.readLine()) {
        String[] words = line.split(" ");
        long started = Long.parseLong(words[1]);
        ProcessHandle.of(Long.parseLong(words[0]))
            .filter(child -> startedAt(child, started))
            .ifPresent(children::add);
      }
    }
    // A handle knows the start time it was made with and refuses to signal a successor of the pid.
    children.forEach(ProcessHandle::destroy);
    long deadline = System.nanoTime() + GRACE.toNanos();
    while (children.stream().anyMatch(ProcessHandle::isAlive) && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(50);
    }
    children.forEach(ProcessHandle::destroyForcibly);
  }

  private static boolean startedAt(ProcessHandle child, long millis) {
    return child.info().startInstant().map(start -> start.toEpochMilli() == millis).orElse(true);
  }
}
