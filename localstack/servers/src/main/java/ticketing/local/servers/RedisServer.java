package ticketing.local.servers;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import redis.embedded.core.ExecutableProvider;

/// A Redis server process; a Valkey, if `ticketing.test.servers` selects it. Without persistence a
/// stop deletes the keys.
final class RedisServer extends ServerProcess {

  private static final Duration STOP_GRACE = Duration.ofSeconds(10);
  private static final int PROBE_TIMEOUT = 1_000; // ms

  private final Path folder;
  private final boolean persistent;

  RedisServer(Path folder, int port, boolean persistent, Duration startTimeout) {
    super(port, startTimeout, STOP_GRACE);
    this.folder = folder;
    this.persistent = persistent;
  }

  @Override
  String name() {
    return programName();
  }

  @Override
  ManagedProcess launch() {
    Path data = folder.resolve("redis");
    try {
      Files.createDirectories(data);
    } catch (IOException e) {
      throw new ServerException("cannot create " + data + ": " + Binaries.reason(e), e);
    }
    List<String> command = new ArrayList<>(program());
    command.addAll(
        List.of(
            "--port",
            Integer.toString(port()),
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
            "notice"));
    return ManagedProcess.start(name(), command, Map.of(), data, folder.resolve("redis.log"));
  }

  /// An external server. A stop deletes its keys, like a stop of an embedded one.
  static RelayedServer external(InetSocketAddress address, Duration startTimeout) {
    return new RelayedServer(
        "Redis",
        address,
        startTimeout,
        at -> "+PONG".equals(firstBytes(at, "PING", 5)),
        at -> firstBytes(at, "FLUSHALL", 3));
  }

  /// False while the server replies `-LOADING`.
  @Override
  boolean isReady() {
    return "+PONG".equals(firstBytes(port(), "PING", 5));
  }

  /// @param size bytes to read
  /// @return the first bytes of the reply; empty if there is none
  private static String firstBytes(int port, String command, int size) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", port), PROBE_TIMEOUT);
      socket.setSoTimeout(PROBE_TIMEOUT);
      socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readNBytes(size), StandardCharsets.US_ASCII);
    } catch (IOException e) {
      return "";
    }
  }

  /// Valkey, if `ticketing.test.servers` selects it; otherwise the embedded Redis.
  static String programName() {
    return DebianServer.VALKEY.isSelected() ? "Valkey" : "Redis";
  }

  /// Command of the server, without arguments.
  static List<String> program() {
    if (DebianServer.VALKEY.isSelected()) {
      return DebianServer.VALKEY.command();
    }
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
    return List.of(folder.resolve("redis-server").toString());
  }
}
