package ticketing.local.servers;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import redis.embedded.core.ExecutableProvider;

/// A Redis server process.
public final class RedisServer {

  private static final Duration STOP_GRACE = Duration.ofSeconds(10);
  private static final int PROBE_MILLIS = 1_000;

  private final Path folder;
  private final int port;
  private final boolean persistent;
  private final Duration startTimeout;
  private ManagedProcess process;

  RedisServer(Path folder, int port, boolean persistent, Duration startTimeout) {
    this.folder = folder;
    this.port = port;
    this.persistent = persistent;
    this.startTimeout = startTimeout;
  }

  /// Ready for commands on return.
  ///
  /// @throws ServerException if it does not come up within the start timeout
  public synchronized void start() {
    if (isRunning()) {
      return;
    }
    Ports.requireFree(port, "Redis");
    Path data = folder.resolve("redis");
    try {
      Files.createDirectories(data);
    } catch (IOException e) {
      throw new ServerException("cannot create " + data + ": " + Binaries.reason(e), e);
    }
    List<String> command =
        List.of(
            program().toString(),
            "--port",
            Integer.toString(port),
            "--bind",
            "127.0.0.1",
            "--dir",
            data.toString(),
            "--save",
            "",
            "--appendonly",
            persistent ? "yes" : "no",
            "--maxmemory",
            "512mb",
            "--maxmemory-policy",
            "allkeys-lru",
            "--loglevel",
            "notice");
    process =
        ManagedProcess.start("Redis", command, Map.of(), data, folder.resolve("redis.log"));
    process.awaitReady(this::answers, startTimeout);
  }

  /// Stops it as an operator would; does nothing if it is not running. Without persistence the keys
  /// are gone.
  public synchronized void stop() {
    if (process != null) {
      process.stop(STOP_GRACE);
    }
  }

  /// Ends it as a power cut would.
  public synchronized void kill() {
    if (process != null) {
      process.kill();
    }
  }

  public synchronized boolean isRunning() {
    return process != null && process.isAlive();
  }

  /// @throws IllegalStateException if it was never started
  public synchronized long pid() {
    if (process == null) {
      throw new IllegalStateException("not started");
    }
    return process.pid();
  }

  synchronized Duration processorTime() {
    return process == null ? Duration.ZERO : process.processorTime();
  }

  synchronized void onDeath(Consumer<ManagedProcess> listener) {
    process.onDeath(listener);
  }

  public int port() {
    return port;
  }

  String address() {
    return "redis://127.0.0.1:" + port;
  }

  /// Not yet ready while it answers `-LOADING`.
  private boolean answers() {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", port), PROBE_MILLIS);
      socket.setSoTimeout(PROBE_MILLIS);
      socket.getOutputStream().write("PING\r\n".getBytes(StandardCharsets.US_ASCII));
      byte[] answer = socket.getInputStream().readNBytes(5);
      return new String(answer, StandardCharsets.US_ASCII).equals("+PONG");
    } catch (IOException e) {
      return false;
    }
  }

  static Path program() {
    Path folder =
        Binaries.folder(
            "redis",
            made -> {
              Path unpacked =
                  ExecutableProvider.newJarResourceProvider(made.toFile()).get().toPath();
              if (!unpacked.equals(made.resolve("redis-server"))) {
                Files.move(unpacked, made.resolve("redis-server"));
              }
              Binaries.makeExecutable(made);
            });
    return folder.resolve("redis-server");
  }
}
