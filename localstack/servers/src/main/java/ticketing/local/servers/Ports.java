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

  /// Below what Linux, macOS and Windows hand to outgoing connections: a server that is stopped and
  /// started again finds its port still free.
  private static final int FIRST = 20_000;

  private static final int LAST = 29_999;
  private static final int ATTEMPTS = 200;
  private static final Set<Integer> HANDED_OUT = ConcurrentHashMap.newKeySet();

  private Ports() {}

  /// A port nobody listens on; this JVM hands out each one only once.
  ///
  /// @throws ServerException if none was found
  public static int free() {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST, LAST + 1);
      if (HANDED_OUT.add(port) && isFree(port)) {
        return port;
      }
    }
    throw new ServerException("no free port between " + FIRST + " and " + LAST);
  }

  public static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      // Without this a port whose last connection closed a minute ago would count as busy.
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  static int orFree(int configured, String who) {
    if (configured == 0) {
      return free();
    }
    requireFree(configured, who);
    return configured;
  }

  static void requireFree(int port, String who) {
    if (!isFree(port)) {
      throw new ServerException("port " + port + " for " + who + " is already in use");
    }
  }
}
