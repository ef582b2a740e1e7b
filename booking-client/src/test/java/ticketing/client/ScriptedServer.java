package ticketing.client;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// HTTP server that answers each request with the next response of a list. An empty response closes
/// the connection.
final class ScriptedServer implements AutoCloseable {

  record Request(String method, String path, Map<String, String> headers, String body) {}

  final List<Request> requests = new CopyOnWriteArrayList<>();
  final AtomicInteger connections = new AtomicInteger();
  private final Queue<String> responses = new ConcurrentLinkedQueue<>();
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final ServerSocket server;
  private final String scheme;

  ScriptedServer(String... responses) throws IOException {
    this(new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1")), "http", responses);
  }

  ScriptedServer(ServerSocket server, String scheme, String... responses) {
    this.server = server;
    this.scheme = scheme;
    this.responses.addAll(List.of(responses));
    Thread.ofVirtual().start(this::accept);
  }

  static String response(int status, String body, String... headerLines) {
    String more = headerLines.length == 0 ? "" : String.join("\r\n", headerLines) + "\r\n";
    return "HTTP/1.1 %d X\r\n%sContent-Length: %d\r\n\r\n%s"
        .formatted(status, more, body.getBytes(StandardCharsets.UTF_8).length, body);
  }

  URI url() {
    return URI.create(scheme + "://127.0.0.1:" + server.getLocalPort());
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = server.accept();
        connections.incrementAndGet();
        sockets.add(socket);
        Thread.ofVirtual().start(() -> serve(socket));
      }
    } catch (IOException e) {
      assertClosed(server.isClosed(), e);
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      InputStream input = new BufferedInputStream(socket.getInputStream());
      for (Request request = read(input); request != null; request = read(input)) {
        requests.add(request);
        String response = responses.poll();
        if (response == null || response.isEmpty()) {
          return;
        }
        socket.getOutputStream().write(response.getBytes(StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      // The client ended the connection or refused the certificate.
      sockets.remove(socket);
    }
  }

  static Request read(InputStream input) throws IOException {
    String requestLine = readLine(input);
    if (requestLine.isEmpty()) {
      return null;
    }
    Map<String, String> headers = new TreeMap<>();
    for (String line = readLine(input); !line.isEmpty(); line = readLine(input)) {
      int colon = line.indexOf(':');
      headers.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
    }
    int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
    String body = new String(input.readNBytes(length), StandardCharsets.UTF_8);
    String[] words = requestLine.split(" ");
    return new Request(words[0], words[1], headers, body);
  }

  private static String readLine(InputStream input) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int next = input.read(); next >= 0 && next != '\n'; next = input.read()) {
      if (next != '\r') {
        line.append((char) next);
      }
    }
    return line.toString();
  }

  private static void assertClosed(boolean closed, IOException e) {
    if (!closed) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
