package ticketing.local.servers;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Redis cluster of three primaries with one replica each, on the loopback and with a password. No
/// process outlives this JVM.
public final class RedisCluster implements AutoCloseable {

  private static final int SLOTS = 16_384;
  private static final int PRIMARIES = 3;
  private static final int NODES = 2 * PRIMARIES;
  private static final int BUS_PORT_OFFSET = 10_000;
  private static final int NODE_TIMEOUT = 2_000; // ms
  private static final int SOCKET_TIMEOUT = 2_000; // ms
  private static final long POLL_INTERVAL = 50; // ms
  private static final Duration STOP_GRACE = Duration.ofSeconds(10);

  private final String password;
  private final Duration timeout;
  private final Optional<TlsCertificate> tls;
  private final List<Integer> ports = new ArrayList<>();
  private final List<ManagedProcess> processes = new ArrayList<>();

  private RedisCluster(String password, Duration timeout, Optional<TlsCertificate> tls) {
    this.password = password;
    this.timeout = timeout;
    this.tls = tls;
  }

  /// Starts the cluster. All slots are served, and each primary has its replica on return.
  ///
  /// @param timeout limit of each step
  /// @throws ServerException if the cluster does not become ready; then all nodes are stopped
  public static RedisCluster start(Path folder, String password, Duration timeout) {
    return start(folder, new RedisCluster(password, timeout, Optional.empty()));
  }

  /// Like [#start], with TLS for clients and between the nodes, on the server of [#serverWithTls].
  public static RedisCluster startWithTls(
      Path folder, String password, Duration timeout, TlsCertificate certificate) {
    return start(folder, new RedisCluster(password, timeout, Optional.of(certificate)));
  }

  /// Command of a server with TLS, without arguments: the selected Valkey, or an installed Valkey
  /// or Redis. The embedded Redis has no TLS.
  public static Optional<List<String>> serverWithTls() {
    if (DebianServer.VALKEY.isSelected()) {
      return Optional.of(DebianServer.VALKEY.command());
    }
    return Stream.of("/usr/bin/valkey-server", "/usr/bin/redis-server")
        .filter(program -> Files.isExecutable(Path.of(program)))
        .findFirst()
        .map(List::of);
  }

  private static RedisCluster start(Path folder, RedisCluster cluster) {
    try {
      for (int node = 0; node < NODES; node++) {
        cluster.startNode(folder.toAbsolutePath().resolve("redis-" + node));
      }
      cluster.join();
      return cluster;
    } catch (ServerException e) {
      cluster.close();
      throw e;
    }
  }

  /// Addresses of all nodes as `redis://host:port`, with TLS as `rediss://host:port`.
  public List<String> addresses() {
    String scheme = tls.isPresent() ? "rediss" : "redis";
    return ports.stream().map(port -> scheme + "://127.0.0.1:" + port).toList();
  }

  /// Kills the primary of this key. Redis promotes its replica.
  public void killPrimaryOf(String key) {
    int slot = Integer.parseInt(send(ports.getFirst(), "CLUSTER KEYSLOT " + key));
    processes.get(slot / slotsPerPrimary()).kill();
  }

  /// Suspends all writes on the primary of this key. Reads continue.
  public void pauseWrites(String key, Duration duration) {
    int slot = Integer.parseInt(send(ports.getFirst(), "CLUSTER KEYSLOT " + key));
    send(ports.get(slot / slotsPerPrimary()), "CLIENT PAUSE " + duration.toMillis() + " WRITE");
  }

  @Override
  public void close() {
    processes.forEach(process -> process.stop(STOP_GRACE));
  }

  private void startNode(Path folder) {
    int port = portWithBus();
    try {
      Binaries.delete(folder); // node table of an earlier cluster
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new ServerException("cannot prepare " + folder + ": " + Binaries.reason(e), e);
    }
    List<String> command = new ArrayList<>(program());
    command.addAll(portOptions(port));
    command.addAll(
        List.of(
            "--bind",
            "127.0.0.1",
            "--dir",
            folder.toString(),
            "--save",
            "",
            "--cluster-enabled",
            "yes",
            "--cluster-node-timeout",
            Integer.toString(NODE_TIMEOUT),
            "--requirepass",
            password,
            "--masterauth",
            password,
            "--loglevel",
            "notice"));
    ManagedProcess process =
        ManagedProcess.start("Redis", command, Map.of(), folder, folder.resolve("redis.log"));
    ports.add(port);
    processes.add(process);
    process.awaitReady(() -> isReady(port), timeout);
  }

  private List<String> program() {
    return tls.isEmpty()
        ? RedisServer.program()
        : serverWithTls().orElseThrow(() -> new ServerException("no Redis with TLS is installed"));
  }

  private List<String> portOptions(int port) {
    return tls.map(certificate ->
            List.of(
                "--port",
                "0",
                "--tls-port",
                Integer.toString(port),
                "--tls-cluster",
                "yes",
                "--tls-replication",
                "yes",
                "--tls-auth-clients",
                "no",
                "--tls-cert-file",
                certificate.certificate().toString(),
                "--tls-key-file",
                certificate.key().toString(),
                "--tls-ca-cert-file",
                certificate.certificate().toString()))
        .orElseGet(() -> List.of("--port", Integer.toString(port)));
  }

  private Socket newSocket() throws IOException {
    return tls.isPresent() ? tls.get().context().getSocketFactory().createSocket() : new Socket();
  }

  private void join() {
    for (int node = 1; node < NODES; node++) {
      send(ports.getFirst(), "CLUSTER MEET 127.0.0.1 " + ports.get(node));
    }
    for (int primary = 0; primary < PRIMARIES; primary++) {
      int first = primary * slotsPerPrimary();
      int next = primary == PRIMARIES - 1 ? SLOTS : first + slotsPerPrimary();
      StringBuilder slots = new StringBuilder("CLUSTER ADDSLOTS");
      IntStream.range(first, next).forEach(slot -> slots.append(' ').append(slot));
      send(ports.get(primary), slots.toString());
    }
    await("the nodes to meet", () -> knownNodes() == NODES);
    for (int primary = 0; primary < PRIMARIES; primary++) {
      String id = send(ports.get(primary), "CLUSTER MYID");
      int replica = ports.get(PRIMARIES + primary);
      await("node " + replica + " to replicate", () -> follows(replica, id));
    }
    await("all slots and replicas", this::complete);
  }

  private int knownNodes() {
    return ports.stream()
        .mapToInt(port -> send(port, "CLUSTER NODES").split("\n").length)
        .min()
        .orElse(0);
  }

  /// False while the node does not have its primary in its table.
  private boolean follows(int replica, String primary) {
    return send(replica, "CLUSTER REPLICATE " + primary).equals("OK");
  }

  private boolean complete() {
    return ports.stream()
        .allMatch(port ->
            send(port, "CLUSTER INFO").contains("cluster_state:ok")
                && send(port, "INFO replication")
                    .contains(
                        ports.indexOf(port) < PRIMARIES
                            ? "connected_slaves:1"
                            : "master_link_status:up"));
  }

  private static int slotsPerPrimary() {
    return (SLOTS + PRIMARIES - 1) / PRIMARIES;
  }

  private static int portWithBus() {
    int port = Ports.free();
    while (!Ports.isFree(port + BUS_PORT_OFFSET)) {
      port = Ports.free();
    }
    return port;
  }

  private void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new ServerException("timeout while waiting for " + what);
      }
      try {
        Thread.sleep(POLL_INTERVAL);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ServerException("interrupted while waiting for " + what, e);
      }
    }
  }

  private boolean isReady(int port) {
    try {
      return send(port, "PING").equals("PONG");
    } catch (ServerException e) {
      return false;
    }
  }

  /// Returns the reply to one command without its type. An error begins with its code.
  private String send(int port, String command) {
    try (Socket socket = newSocket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", port), SOCKET_TIMEOUT);
      socket.setSoTimeout(SOCKET_TIMEOUT);
      String lines = "AUTH " + password + "\r\n" + command + "\r\n";
      socket.getOutputStream().write(lines.getBytes(StandardCharsets.US_ASCII));
      InputStream in = socket.getInputStream();
      readLine(in);
      String reply = readLine(in);
      return reply.startsWith("$")
          ? new String(
              in.readNBytes(Integer.parseInt(reply.substring(1))), StandardCharsets.US_ASCII)
          : reply.substring(1);
    } catch (IOException e) {
      throw new ServerException("the node on port " + port + ": " + e.getMessage(), e);
    }
  }

  private static String readLine(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int read = in.read(); read != '\n'; read = in.read()) {
      if (read < 0) {
        throw new IOException("closed the connection");
      }
      if (read != '\r') {
        line.write(read);
      }
    }
    return line.toString(StandardCharsets.US_ASCII);
  }
}
