package ticketing.client;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLSocketFactory;

/// One keep-alive HTTP/1.1 connection to ingress-api, over TCP or TLS. The first request opens it;
/// a request after an error, or after the server closed it, opens it again.
///
/// Not thread-safe. A request costs a fraction of one of `java.net.http`, because load tests share
/// their processors with the system under test.
///
/// Limits: a header line of 8,192 characters, a body of 1 MiB.
public final class ApiConnection implements AutoCloseable {

  /// Limit of connecting and of each read.
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);

  private static final int MAX_BODY_SIZE = 1 << 20; // bytes

  private final List<URI> servers;
  private final Duration timeout;
  private final SSLSocketFactory tls;
  private int serverIndex;
  private HttpSocket socket;

  public ApiConnection(URI server) {
    this(List.of(server), DEFAULT_TIMEOUT);
  }

  /// @param servers `http` or `https` URLs without a path; the first one is used until
  ///   [#useNextServer]
  /// @param timeout limit of connecting and of each read
  public ApiConnection(List<URI> servers, Duration timeout) {
    this(servers, timeout, (SSLSocketFactory) SSLSocketFactory.getDefault());
  }

  ApiConnection(List<URI> servers, Duration timeout, SSLSocketFactory tls) {
    if (servers.isEmpty()) {
      throw new IllegalArgumentException("servers must not be empty");
    }
    this.servers = List.copyOf(servers);
    this.timeout = timeout;
    this.tls = tls;
  }

  /// @param token access token; null: none
  /// @param body JSON; null: no body
  /// @throws IOException if no complete response arrived; the server may have executed the request
  public ApiResponse send(String method, String path, String token, String body)
      throws IOException {
    return send(method, path, token, "", body, Duration.ZERO);
  }

  /// @param headerLines further header lines, each ended by `\r\n`
  /// @param serverWait time that the server may spend on the request, added to the read timeout
  ApiResponse send(
      String method,
      String path,
      String token,
      String headerLines,
      String body,
      Duration serverWait)
      throws IOException {
    if (socket == null) {
      socket = HttpSocket.open(servers.get(serverIndex), timeout, tls);
    }
    try {
      socket.setReadTimeout(timeout.plus(serverWait));
      socket.write(request(method, path, token, headerLines, body));
      ApiResponse response = readResponse();
      if ("close".equalsIgnoreCase(response.headers().get("connection"))) {
        close();
      }
      return response;
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  /// Closes the connection, so that the next request goes to the next server of the list. No effect
  /// if there is only one server.
  public void useNextServer() {
    if (servers.size() > 1) {
      close();
      serverIndex = (serverIndex + 1) % servers.size();
    }
  }

  @Override
  public void close() {
    if (socket != null) {
      socket.close();
      socket = null;
    }
  }

  private byte[] request(
      String method, String path, String token, String headerLines, String body) {
    StringBuilder head = new StringBuilder(512);
    head.append(method).append(' ').append(path).append(" HTTP/1.1\r\nHost: ");
    head.append(servers.get(serverIndex).getAuthority()).append("\r\n");
    if (token != null) {
      head.append("Authorization: Bearer ").append(token).append("\r\n");
    }
    head.append(headerLines);
    byte[] content = body == null ? new byte[0] : body.getBytes(StandardCharsets.UTF_8);
    if (body != null) {
      head.append("Content-Type: application/json\r\nContent-Length: ").append(content.length);
      head.append("\r\n");
    }
    head.append("\r\n");
    byte[] headBytes = head.toString().getBytes(StandardCharsets.ISO_8859_1);
    byte[] request = new byte[headBytes.length + content.length];
    System.arraycopy(headBytes, 0, request, 0, headBytes.length);
    System.arraycopy(content, 0, request, headBytes.length, content.length);
    return request;
  }

  private ApiResponse readResponse() throws IOException {
    HttpSocket.Head head = socket.readHead();
    String length = head.headers().getOrDefault("content-length", "0");
    byte[] body =
        "chunked".equalsIgnoreCase(head.headers().get("transfer-encoding"))
            ? readChunks()
            : socket.readBytes(requireAllowedSize(HttpSocket.parse(length, 10)));
    return new ApiResponse(head.status(), head.headers(), new String(body, StandardCharsets.UTF_8));
  }

  private byte[] readChunks() throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    while (true) {
      int size = requireAllowedSize(HttpSocket.parse(socket.readLine(), 16));
      requireAllowedSize(body.size() + size);
      body.writeBytes(socket.readBytes(size));
      socket.readLine();
      if (size == 0) {
        return body.toByteArray();
      }
    }
  }

  private static int requireAllowedSize(int size) throws IOException {
    if (size < 0 || size > MAX_BODY_SIZE) {
      throw new IOException("response body has " + size + " bytes, limit " + MAX_BODY_SIZE);
    }
    return size;
  }
}
