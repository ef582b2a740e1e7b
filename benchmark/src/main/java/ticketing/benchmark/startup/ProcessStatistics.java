package ticketing.benchmark.startup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// What Linux and the JVM tell of a process: only there, and only of processes of the same user.
public final class ProcessStatistics {

  private static final double KIB = 1024;
  private static final Pattern RESIDENT = Pattern.compile("(?m)^VmRSS:\\s+(\\d+) kB");
  private static final Pattern ANONYMOUS = Pattern.compile("(?m)^RssAnon:\\s+(\\d+) kB");
  private static final Pattern THREADS = Pattern.compile("(?m)^Threads:\\s+(\\d+)");
  private static final Pattern COMMITTED =
      Pattern.compile("(?m)^(?:-\\s+(.+?) \\(|(Total): )reserved=\\d+KB, committed=(\\d+)KB");
  private static final String ESTABLISHED = "01";

  private ProcessStatistics() {}

  /// MiB that are in memory.
  public static double residentMib(long pid) {
    return number(RESIDENT, status(pid)) / KIB;
  }

  /// MiB of it that are not of a file: those of a file (code of the JVM, what an AOT cache holds)
  /// the kernel may drop, and read again.
  public static double anonymousMib(long pid) {
    return number(ANONYMOUS, status(pid)) / KIB;
  }

  public static int threads(long pid) {
    return (int) number(THREADS, status(pid));
  }

  private static String status(long pid) {
    try {
      return Files.readString(Path.of("/proc", Long.toString(pid), "status"));
    } catch (IOException e) {
      return "";
    }
  }

  private static double number(Pattern pattern, String text) {
    Matcher found = pattern.matcher(text);
    return found.find() ? Double.parseDouble(found.group(1)) : Double.NaN;
  }

  /// Open connections that a port of this machine has accepted.
  public static long connections(int port) {
    String local = ":%04X".formatted(port);
    try (Stream<String> lines =
        Stream.of("tcp", "tcp6").map(ProcessStatistics::sockets).flatMap(List::stream)) {
      return lines
          .map(line -> line.strip().split("\\s+"))
          .filter(cells -> cells[1].endsWith(local) && cells[3].equals(ESTABLISHED))
          .count();
    }
  }

  private static List<String> sockets(String family) {
    try {
      return Files.readAllLines(Path.of("/proc/net", family));
    } catch (IOException e) {
      return List.of();
    }
  }

  /// MiB that a JVM started with `-XX:NativeMemoryTracking=summary` has committed, by purpose, and
  /// `Total`. Committed is what it may use without asking the system again; what it never touched
  /// of that is not resident.
  public static Map<String, Double> nativeMemory(long pid) {
    Map<String, Double> memory = new LinkedHashMap<>();
    Matcher line = COMMITTED.matcher(jcmd(pid, "VM.native_memory", "summary"));
    while (line.find()) {
      String purpose = line.group(1) == null ? line.group(2) : line.group(1);
      memory.put(purpose.strip(), Double.parseDouble(line.group(3)) / KIB);
    }
    return memory;
  }

  public static String jcmd(long pid, String... command) {
    Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    List<String> words =
        Stream.concat(Stream.of(jcmd.toString(), Long.toString(pid)), Stream.of(command)).toList();
    try {
      Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
      String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      process.waitFor(30, TimeUnit.SECONDS);
      return out;
    } catch (IOException e) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }
}
