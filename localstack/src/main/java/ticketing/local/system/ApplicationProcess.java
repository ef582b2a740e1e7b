package ticketing.local.system;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import ticketing.local.servers.ManagedProcess;
import ticketing.local.servers.Ports;
import ticketing.local.servers.ServerException;

/// An application as a child process, with the same ports at each start.
public final class ApplicationProcess {

  // One compiler tier, because a process of a few minutes does not repay the second one.
  static final List<String> JVM_OPTIONS =
      Stream.concat(
              AotCache.HEAP_OPTIONS.stream(),
              Stream.of(
                  "-Xss512k",
                  "-XX:TieredStopAtLevel=1",
                  "-XX:+ExitOnOutOfMemoryError",
                  "--enable-native-access=ALL-UNNAMED",
                  "--sun-misc-unsafe-memory-access=allow"))
          .toList();

  private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(2);

  private final String name;
  private final Path jar;
  private final int port;
  private final int managementPort;
  private final Path folder;
  private final List<String> ownOptions;
  private final Map<String, String> environment;
  private final HttpClient http;
  private Consumer<ManagedProcess> endListener = process -> {};
  private ManagedProcess process;

  /// @param port 0 without a public port
  /// @param ownOptions JVM options after [#JVM_OPTIONS], which they override
  ApplicationProcess(
      String name,
      Path jar,
      int port,
      int managementPort,
      Path folder,
      List<String> ownOptions,
      Map<String, String> environment,
      HttpClient http) {
    this.name = name;
    this.jar = jar;
    this.port = port;
    this.managementPort = managementPort;
    this.folder = folder;
    this.ownOptions = ownOptions;
    this.environment = environment;
    this.http = http;
  }

  /// Starts the process. [#awaitReady] blocks until it is ready.
  public synchronized void start() {
    if (isRunning()) {
      return;
    }
    for (int needed : new int[] {port, managementPort}) {
      if (needed != 0 && !Ports.isFree(needed)) {
        throw new ServerException("port " + needed + " for " + name + " is already in use");
      }
    }
    List<String> command = new ArrayList<>();
    command.add(BootJar.java().toString());
    command.addAll(JVM_OPTIONS);
    command.addAll(ownOptions);
    command.addAll(AotCache.options(jar));
    command.add("-jar");
    command.add(jar.toString());
    process = ManagedProcess.start(name, command, environment, folder, log());
    process.onUnexpectedEnd(endListener);
  }

  /// @throws ServerException if the process is not ready in time or ends; with its last log lines
  public void awaitReady(Duration timeout) {
    HttpRequest request =
        HttpRequest.newBuilder(managementUrl().resolve("/actuator/health/readiness"))
            .timeout(PROBE_TIMEOUT)
            .build();
    process()
        .awaitReady(
            () -> {
              try {
                return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode()
                    == 200;
              } catch (IOException e) {
                return false;
              } catch (InterruptedException e) {
                // The caller tests the interrupt flag.
                Thread.currentThread().interrupt();
                return false;
              }
            },
            timeout);
  }

  /// Sum of all series of a metric by its Prometheus name; 0 if there is none.
  ///
  /// @throws ServerException if there is no response
  public double metric(String metric) {
    HttpRequest request =
        HttpRequest.newBuilder(managementUrl().resolve("/actuator/prometheus"))
            .timeout(PROBE_TIMEOUT)
            .build();
    try {
      return http.send(request, HttpResponse.BodyHandlers.ofString())
          .body()
          .lines()
          .filter(line -> line.startsWith(metric + "{") || line.startsWith(metric + " "))
          .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
          .sum();
    } catch (IOException e) {
      throw new ServerException("cannot read the metrics of " + name + ": " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServerException("interrupted while reading the metrics of " + name, e);
    }
  }

  /// Stops the process with SIGTERM.
  ///
  /// @param grace time after which it is killed
  /// @return false if it was killed
  public synchronized boolean stop(Duration grace) {
    return process == null || process.stop(grace);
  }

  /// Kills the process with SIGKILL.
  public synchronized void kill() {
    if (process != null) {
      process.kill();
    }
  }

  public synchronized boolean isRunning() {
    return process != null && process.isAlive();
  }

  public long pid() {
    return process().pid();
  }

  /// Processor time since the start of the process.
  public Duration processorTime() {
    return process().processorTime();
  }

  public String name() {
    return name;
  }

  public Path jar() {
    return jar;
  }

  public int managementPort() {
    return managementPort;
  }

  /// @throws IllegalStateException if the application has no public port
  public URI url() {
    if (port == 0) {
      throw new IllegalStateException(name + " has no public port");
    }
    return URI.create("http://127.0.0.1:" + port);
  }

  public URI managementUrl() {
    return URI.create("http://127.0.0.1:" + managementPort);
  }

  public Path log() {
    return folder.resolve(name + ".log");
  }

  /// Complete log of all starts.
  ///
  /// @throws ServerException if the file cannot be read
  public String readLog() {
    try {
      return Files.readString(log());
    } catch (IOException e) {
      throw new ServerException("cannot read " + log() + ": " + e.getMessage(), e);
    }
  }

  synchronized void onUnexpectedEnd(Consumer<ManagedProcess> listener) {
    endListener = listener;
    if (process != null) {
      process.onUnexpectedEnd(listener);
    }
  }

  private synchronized ManagedProcess process() {
    if (process == null) {
      throw new IllegalStateException(name + " was not started");
    }
    return process;
  }
}
