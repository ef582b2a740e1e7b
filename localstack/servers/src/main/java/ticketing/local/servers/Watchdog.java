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

/// Process that ends the children of a JVM after the end of that JVM, even after SIGKILL. It reads
/// from a pipe of the JVM, which the operating system closes at the end of the JVM.
///
/// The pipe has one line per child with its pid and its start time in milliseconds. The start time
/// identifies a reused pid.
public final class Watchdog {

  private static final Duration GRACE = Duration.ofSeconds(15);

  private static Process watchdog;

  private Watchdog() {}

  /// Registers a child that must end with this JVM.
  static synchronized void guard(ProcessHandle child) throws IOException {
    if (watchdog == null || !watchdog.isAlive()) {
      watchdog = start();
    }
    long started = child.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    OutputStream pipe = watchdog.getOutputStream();
    pipe.write((child.pid() + " " + started + "\n").getBytes(StandardCharsets.US_ASCII));
    pipe.flush();
  }

  private static Process start() throws IOException {
    List<String> command = new ArrayList<>(ManagedProcess.detachedPrefix());
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

  /// Reads children until the end of standard input, then stops them with SIGTERM and after 15 s
  /// with SIGKILL.
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
    // A handle has the start time and does not signal another process with the same pid.
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
