package ticketing.simulation;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;
import ticketing.simulation.loader.SeedRunner;
import ticketing.simulation.loader.SeedSearch;

/// Another JVM that runs seeds.
final class SimulationProcess {

  private SimulationProcess() {}

  /// The production code logs each fault.
  static void silence() {
    ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).setLevel(Level.OFF);
  }

  /// Starts a JVM with the class path of this one.
  static Process start(Object... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "--add-opens",
                "java.base/java.lang=ALL-UNNAMED",
                "-Djdk.trackAllThreads=false",
                "-Xmx1g",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                SimulationProcess.class.getName()));
    Arrays.stream(arguments).map(String::valueOf).forEach(command::add);
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
  }

  /// Blocks until the process ends and returns its lines.
  static List<String> output(Process process) throws IOException, InterruptedException {
    List<String> lines =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
            .lines()
            .toList();
    if (process.waitFor() != 0) {
      throw new IllegalStateException("exit code " + process.exitValue());
    }
    return lines;
  }

  /// `hash <seeds>` prints the hash of the log of each seed from 1. `search <first seed> <stride>
  /// <seeds> <seconds>` prints the number of seeds and the failed one, if any.
  public static void main(String[] arguments) {
    silence();
    SeedRunner runner = SeedRunner.create();
    long[] numbers = Arrays.stream(arguments).skip(1).mapToLong(Long::parseLong).toArray();
    if (arguments[0].equals("hash")) {
      for (long seed = 1; seed <= numbers[0]; seed++) {
        System.out.println(seed + " " + runner.run(seed, Set.of(), false).hash());
      }
    } else {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(numbers[3]);
      SeedSearch.Result result =
          SeedSearch.run(
              runner, null, numbers[0], numbers[1], numbers[2], () -> System.nanoTime() - end < 0);
      System.out.println(
          result.seeds() + result.failed().map(failed -> " " + failed.seed()).orElse(""));
    }
    System.exit(0);
  }
}
