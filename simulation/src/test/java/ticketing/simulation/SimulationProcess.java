package ticketing.simulation;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;
import ticketing.simulation.loader.SeedRunner;
import ticketing.simulation.loader.SeedSearch;

/// Another JVM that runs seeds. It ends with this JVM, or when it is closed.
final class SimulationProcess implements AutoCloseable {

  private static final int SEED_FAILED = 2; // exit code; 1 is a failure of the JVM
  private static final int PARENT_ENDED = 3; // exit code

  private final Process process;
  private final Path errors;

  private SimulationProcess(Process process, Path errors) {
    this.process = process;
    this.errors = errors;
  }

  /// Result of a search.
  ///
  /// @param seeds number of seeds that were run
  /// @param failed first seed that violates a guarantee; empty: none
  record Found(long seeds, Optional<Long> failed) {}

  /// The production code logs each fault.
  static void silence() {
    ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).setLevel(Level.OFF);
  }

  /// Starts a JVM with the class path of this one.
  static SimulationProcess start(Object... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "--add-opens",
                "java.base/java.lang=ALL-UNNAMED",
                "-Djdk.trackAllThreads=false",
                "-XX:TieredStopAtLevel=1",
                "-Xmx1g",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                SimulationProcess.class.getName()));
    Arrays.stream(arguments).map(String::valueOf).forEach(command::add);
    Path errors = Files.createTempFile("simulation", ".err");
    return new SimulationProcess(
        new ProcessBuilder(command).redirectError(errors.toFile()).start(), errors);
  }

  /// Starts a search for a failing seed, see [SeedSearch#run].
  static SimulationProcess search(long firstSeed, long stride, long seeds, long seconds)
      throws IOException {
    return start("search", firstSeed, stride, seeds, seconds);
  }

  /// Returns true if the search ended with a failing seed or without a result.
  boolean isFailed() {
    return !process.isAlive() && process.exitValue() != 0;
  }

  /// Blocks until the search ends.
  ///
  /// @throws IllegalStateException if it ends without a result
  Found found() throws IOException, InterruptedException {
    String[] words = output().getLast().split(" ");
    return new Found(
        Long.parseLong(words[0]),
        words.length > 1 ? Optional.of(Long.valueOf(words[1])) : Optional.empty());
  }

  /// Blocks until the process ends and returns its lines.
  ///
  /// @throws IllegalStateException with the error output if it fails
  List<String> output() throws IOException, InterruptedException {
    List<String> lines =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
            .lines()
            .toList();
    int exitCode = process.waitFor();
    if (exitCode != 0 && exitCode != SEED_FAILED) {
      throw new IllegalStateException("exit code " + exitCode + ": " + Files.readString(errors));
    }
    return lines;
  }

  /// Closes the input of the process, as the end of this JVM does.
  ///
  /// @return true if the process ends within the time and for this reason
  boolean endsWithoutParent(long seconds) throws IOException, InterruptedException {
    process.getOutputStream().close();
    return process.waitFor(seconds, TimeUnit.SECONDS) && process.exitValue() == PARENT_ENDED;
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    Files.deleteIfExists(errors);
  }

  /// `hash <seeds>` prints the hash of the log of each seed from 1. `search <first seed> <stride>
  /// <seeds> <seconds>` prints the number of seeds and the failed one, if any.
  public static void main(String[] arguments) {
    Thread.ofPlatform().daemon().start(SimulationProcess::haltWithParent);
    silence();
    SeedRunner runner = SeedRunner.create();
    long[] numbers = Arrays.stream(arguments).skip(1).mapToLong(Long::parseLong).toArray();
    switch (arguments[0]) {
      case "hash" -> {
        for (long seed = 1; seed <= numbers[0]; seed++) {
          System.out.println(seed + " " + runner.run(seed, Set.of(), false).hash());
        }
        System.exit(0);
      }
      case "search" -> {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(numbers[3]);
        SeedSearch.Result result =
            SeedSearch.run(
                runner,
                null,
                numbers[0],
                numbers[1],
                numbers[2],
                () -> System.nanoTime() - end < 0);
        System.out.println(
            result.seeds() + result.failed().map(failed -> " " + failed.seed()).orElse(""));
        System.exit(result.failed().isPresent() ? SEED_FAILED : 0);
      }
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  /// The parent never writes, so a read returns when the parent ends, also after a kill.
  private static void haltWithParent() {
    try {
      System.in.read();
    } catch (IOException e) {
      System.err.println(e);
    }
    Runtime.getRuntime().halt(PARENT_ENDED);
  }
}
