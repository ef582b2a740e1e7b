package ticketing.local.servers;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/// Ports on the loopback.
public final class Ports {

  // Below the ephemeral ports of Linux, macOS and Windows, so that a stopped server keeps its port.
  private static final int MIN_PORT = 20_000;
  private static final int MAX_PORT = 29_999;
  private static final int MAX_ATTEMPTS = 200;
  private static final Set<Integer> RESERVED = ConcurrentHashMap.newKeySet();

  private Ports() {}

  /// Returns a free port, each only once in this JVM.
  ///
  /// @throws ServerException if no port is free
  public static int free() {
    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      int port = ThreadLocalRandom.current().nextInt(MIN_PORT, MAX_PORT + 1);
      if (RESERVED.add(port) && isFree(port)) {
        return port;
      }
    }
    throw new ServerException("no free port between " + MIN_PORT + " and " + MAX_PORT);
  }

  public static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      // Without this option a port with connections in TIME_WAIT is not free.
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  static int orFree(int configured, String owner) {
    if (configured == 0) {
      return free();
    }
    requireFree(configured, owner);
    return configured;
  }

  static void requireFree(int port, String owner) {
    if (!isFree(port)) {
      throw new ServerException("port " + port + " for " + owner + " is already in use");
    }
  }
}
