package ticketing.local.servers;

import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/// Proxy that replaces the expressions of Aurora in the queries of a client, so that a MariaDB
/// answers them. It passes all other bytes. A query has less than 16 MiB; TLS is not supported.
final class AuroraQueries implements AutoCloseable {

  private static final int BACKLOG = 200; // connections
  private static final int HEADER_SIZE = 4; // bytes: length and sequence number
  private static final int QUERY = 0x03;
  private static final int PREPARE = 0x16;

  private final int target;
  private final String instance;
  private final Supplier<String> topology;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private ServerSocket listener;

  /// @param target port of the server on the loopback
  /// @param instance name of the instance
  /// @param topology derived table that replaces `information_schema.replica_host_status`
  AuroraQueries(int target, String instance, Supplier<String> topology) {
    this.target = target;
    this.instance = instance;
    this.topology = topology;
  }

  void start() {
    try {
      listener = new ServerSocket();
      listener.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), BACKLOG);
      Thread.ofVirtual().name("aurora-" + instance).start(this::accept);
    } catch (IOException e) {
      throw new ServerException("cannot listen on the loopback", e);
    }
  }

  int port() {
    return listener.getLocalPort();
  }

  @Override
  public void close() {
    close(listener);
    sockets.forEach(AuroraQueries::close);
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        sockets.add(client);
        Thread.ofVirtual().start(() -> connect(client));
      } catch (IOException e) {
        // Closed, or the client closed the connection: the loop condition decides.
        continue;
      }
    }
  }

  private void connect(Socket client) {
    Socket server = new Socket();
    sockets.add(server);
    try {
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
      server.connect(new InetSocketAddress("127.0.0.1", target));
      Thread.ofVirtual().start(() -> copyResponses(server, client));
      copyRequests(client, server);
    } catch (IOException e) {
      // One side ended, so both sides are closed below.
    }
    closeBoth(client, server);
  }

  private void copyResponses(Socket server, Socket client) {
    try {
      server.getInputStream().transferTo(client.getOutputStream());
    } catch (IOException e) {
      // One side ended, so both sides are closed below.
    }
    closeBoth(client, server);
  }

  private void closeBoth(Socket client, Socket server) {
    sockets.remove(client);
    sockets.remove(server);
    close(client);
    close(server);
  }

  private void copyRequests(Socket client, Socket server) throws IOException {
    DataInputStream input = new DataInputStream(client.getInputStream());
    OutputStream output = server.getOutputStream();
    byte[] header = new byte[HEADER_SIZE];
    while (true) {
      input.readFully(header);
      byte[] payload = new byte[length(header)];
      input.readFully(payload);
      byte[] sent = payload.length > 0 && isQuery(payload[0]) ? replaced(payload) : payload;
      byte[] packet = new byte[HEADER_SIZE + sent.length];
      packet[0] = (byte) sent.length;
      packet[1] = (byte) (sent.length >> 8);
      packet[2] = (byte) (sent.length >> 16);
      packet[3] = header[3];
      System.arraycopy(sent, 0, packet, HEADER_SIZE, sent.length);
      output.write(packet);
    }
  }

  private static int length(byte[] header) {
    return (header[0] & 0xff) | (header[1] & 0xff) << 8 | (header[2] & 0xff) << 16;
  }

  private static boolean isQuery(byte command) {
    return command == QUERY || command == PREPARE;
  }

  private byte[] replaced(byte[] query) {
    return new String(query, StandardCharsets.ISO_8859_1)
        .replace("information_schema.replica_host_status", topology.get())
        .replace("@@aurora_server_id", "'" + instance + "'")
        .replace("@@innodb_read_only", "@@global.read_only")
        .replace("CALL mysql.rds_set_configuration", "DO CONCAT")
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  private static void close(Closeable socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new ServerException("cannot close a socket: " + e.getMessage(), e);
    }
  }
}
