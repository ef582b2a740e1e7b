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
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/// A Redis cluster of three primaries with a replica each, on the loopback and behind a password:
/// what `redis-cli --cluster create` makes, without `redis-cli`. None of its processes outlives
/// this JVM.
public final class RedisCluster implements AutoCloseable {

  private static final int SLOTS = 16_384;
  private static final int PRIMARIES = 3;
  private static final int NODES = 2 * PRIMARIES;
  private static final int BUS = 10_000; // a node's port for its peers lies so far above its own
  private static final int NODE_TIMEOUT_MILLIS = 2_000;
  private static final int SOCKET_MILLIS = 2_000;
  private static final long POLL_MILLIS = 50;
  private static final Duration STOP_GRACE = Duration.ofSeconds(10);

  private final String password;
  private final Duration timeout;
  private final List<Integer> ports = new ArrayList<>();
  private final List<ManagedProcess> processes = new ArrayList<>();

  private RedisCluster(String password, Duration timeout) {
    this.password = password;
    this.timeout = timeout;
  }

  /// Every slot is served and every primary has its replica on return.
  ///
  /// @param timeout for each step of the way there
  /// @throws ServerException if it does not come up; no node is left running then
  public static RedisCluster start(Path folder, String password, Duration timeout) {
    RedisCluster cluster = new RedisCluster(password, timeout);
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

  /// The addresses of all nodes, as `redis://host:port`.
  public List<String> addresses() {
    return ports.stream().map(port -> "redis://127.0.0.1:" + port).toList();
  }

  /// Ends the primary that has this key, as a power cut would; its replica takes over by itself.
  public void killPrimaryOf(String key) {
    int slot = Integer.parseInt(ask(ports.getFirst(), "CLUSTER KEYSLOT " + key));
    processes.get(slot / slotsOfEach()).kill();
  }

  @Override
  public void close() {
    processes.forEach(process -> process.stop(STOP_GRACE));
  }

  private void startNode(Path folder) {
    int port = portWithBus();
    try {
      Binaries.delete(folder); // what an earlier cluster knew of its nodes
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new ServerException("cannot prepare " + folder + ": " + Binaries.reason(e), e);
    }
    List<String> command =
        List.of(
            RedisServer.program().toString(),
            "--port",
            Integer.toString(port),
            "--bind",
            "127.0.0.1",
            "--dir",
            folder.toString(),
            "--save",
            "",
            "--cluster-enabled",
            "yes",
            "--cluster-node-timeout",
            Integer.toString(NODE_TIMEOUT_MILLIS),
            "--requirepass",
            password,
            "--masterauth",
            password,
            "--loglevel",
            "notice");
    ManagedProcess process =
        ManagedProcess.start("Redis", command, Map.of(), folder, folder.resolve("redis.log"));
    ports.add(port);
    processes.add(process);
    process.awaitReady(() -> answers(port), timeout);
  }

  private void join() {
    for (int node = 1; node < NODES; node++) {
      ask(ports.getFirst(), "CLUSTER MEET 127.0.0.1 " + ports.get(node));
    }
    for (int primary = 0; primary < PRIMARIES; primary++) {
      int first = primary * slotsOfEach();
      int next = primary == PRIMARIES - 1 ? SLOTS : first + slotsOfEach();
      StringBuilder slots = new StringBuilder("CLUSTER ADDSLOTS");
      IntStream.range(first, next).forEach(slot -> slots.append(' ').append(slot));
      ask(ports.get(primary), slots.toString());
    }
    await("the nodes to know each other", () -> known() == NODES);
    for (int primary = 0; primary < PRIMARIES; primary++) {
      String id = ask(ports.get(primary), "CLUSTER MYID");
      int replica = ports.get(PRIMARIES + primary);
      await("node " + replica + " to follow", () -> follows(replica, id));
    }
    await("all slots and replicas", this::complete);
  }

  private int known() {
    return ports.stream()
        .mapToInt(port -> ask(port, "CLUSTER NODES").split("\n").length)
        .min()
        .orElse(0);
  }

  /// A node that has not yet heard of its primary refuses to follow it.
  private boolean follows(int replica, String primary) {
    return ask(replica, "CLUSTER REPLICATE " + primary).equals("OK");
  }

  private boolean complete() {
    return ports.stream()
        .allMatch(
            port ->
                ask(port, "CLUSTER INFO").contains("cluster_state:ok")
                    && ask(port, "INFO replication")
                        .contains(
                            ports.indexOf(port) < PRIMARIES
                                ? "connected_slaves:1"
                                : "master_link_status:up"));
  }

  private static int slotsOfEach() {
    return (SLOTS + PRIMARIES - 1) / PRIMARIES;
  }

  private static int portWithBus() {
    int port = Ports.free();
    while (!Ports.isFree(port + BUS)) {
      port = Ports.free();
    }
    return port;
  }

  private void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new ServerException("waited in vain for " + what);
      }
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ServerException("interrupted while waiting for " + what, e);
      }
    }
  }

  private boolean answers(int port) {
    try {
      return ask(port, "PING").equals("PONG");
    } catch (ServerException e) {
      return false;
    }
  }

  /// The answer to one command, without its type; an error begins with its code.
  private String ask(int port, String command) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", port), SOCKET_MILLIS);
      socket.setSoTimeout(SOCKET_MILLIS);
      String lines = "AUTH " + password + "\r\n" + command + "\r\n";
      socket.getOutputStream().write(lines.getBytes(StandardCharsets.US_ASCII));
      InputStream in = socket.getInputStream();
      line(in);
      String answer = line(in);
      return answer.startsWith("$")
          ? new String(
              in.readNBytes(Integer.parseInt(answer.substring(1))), StandardCharsets.US_ASCII)
          : answer.substring(1);
    } catch (IOException e) {
      throw new ServerException("the node on port " + port + ": " + e.getMessage(), e);
    }
  }

  private static String line(InputStream in) throws IOException {
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
