package ticketing.benchmark.process;

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

/// Statistics of a process from `/proc` and `jcmd`. They require Linux and a process of the same
/// user; otherwise values are NaN or empty.
public final class ProcessStatistics {

  private static final double KIB = 1024;
  private static final Pattern RESIDENT = Pattern.compile("(?m)^VmRSS:\\s+(\\d+) kB");
  private static final Pattern ANONYMOUS = Pattern.compile("(?m)^RssAnon:\\s+(\\d+) kB");
  private static final Pattern THREADS = Pattern.compile("(?m)^Threads:\\s+(\\d+)");
  private static final Pattern COMMITTED =
      Pattern.compile("(?m)^(?:-\\s+(.+?) \\(|(Total): )reserved=\\d+KB, committed=(\\d+)KB");
  private static final String ESTABLISHED = "01";

  private ProcessStatistics() {}

  /// Resident memory, in MiB.
  public static double residentMib(long pid) {
    return number(RESIDENT, status(pid)) / KIB;
  }

  /// Resident memory without mapped files, in MiB. The kernel can evict pages of mapped files, such
  /// as the JVM's code and the AOT cache.
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

  /// Number of open connections that a local port has accepted.
  public static long connections(int port) {
    String local = ":%04X".formatted(port);
    try (Stream<String> lines =
        Stream.of("tcp", "tcp6").map(ProcessStatistics::tcpConnections).flatMap(List::stream)) {
      return lines
          .map(line -> line.strip().split("\\s+"))
          .filter(cells -> cells[1].endsWith(local) && cells[3].equals(ESTABLISHED))
          .count();
    }
  }

  private static List<String> tcpConnections(String family) {
    try {
      return Files.readAllLines(Path.of("/proc/net", family));
    } catch (IOException e) {
      return List.of();
    }
  }

  /// Committed memory of a JVM with `-XX:NativeMemoryTracking=summary`, in MiB by purpose, with
  /// `Total`. Committed pages that the JVM has not touched are not resident.
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
    List<String> arguments =
        Stream.concat(Stream.of(jcmd.toString(), Long.toString(pid)), Stream.of(command)).toList();
    try {
      Process process = new ProcessBuilder(arguments).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      process.waitFor(30, TimeUnit.SECONDS);
      return output;
    } catch (IOException e) {
      return "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }
}
