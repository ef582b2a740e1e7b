package ticketing.local.demo;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/// One HTTP/1.1 connection, kept alive and opened again when the server has closed it. Not for use
/// by two threads at once. The buyers share two cores with the system they load, and this costs a
/// fraction of what a general client costs.
public final class HttpConnection implements AutoCloseable {

  private static final int TIMEOUT_MILLIS = 30_000;
  private static final int MAX_LINE = 8_192;
  private static final int MAX_BODY = 1 << 20;

  /// @param headers names in lower case
  public record Response(int status, Map<String, String> headers, String body) {

    /// Seconds the server asks to wait, or this if it does not say.
    public long retryAfter(long otherwise) {
      String value = headers.get("retry-after");
      return value == null ? otherwise : Long.parseLong(value);
    }
  }

  private final InetSocketAddress address;
  private final String host;
  private Socket socket;
  private InputStream input;

  public HttpConnection(URI server) {
    this.address = new InetSocketAddress(server.getHost(), server.getPort());
    this.host = server.getAuthority();
  }

  /// @param headers further header lines, each ended by `\r\n`
  /// @param body null: none
  /// @throws IOException if there was no whole answer; the request may have been carried out
  public Response send(String method, String path, String headers, String body) throws IOException {
    if (socket == null) {
      open();
    }
    byte[] content = body == null ? new byte[0] : body.getBytes(StandardCharsets.UTF_8);
    StringBuilder head = new StringBuilder(512);
    head.append(method).append(' ').append(path).append(" HTTP/1.1\r\nHost: ").append(host);
    head.append("\r\n").append(headers);
    if (body != null) {
      head.append("Content-Type: application/json\r\nContent-Length: ").append(content.length);
      head.append("\r\n");
    }
    head.append("\r\n");
    try {
      ByteArrayOutputStream request = new ByteArrayOutputStream(head.length() + content.length);
      request.writeBytes(head.toString().getBytes(StandardCharsets.ISO_8859_1));
      request.writeBytes(content);
      socket.getOutputStream().write(request.toByteArray());
      Response response = read();
      if ("close".equalsIgnoreCase(response.headers().get("connection"))) {
        close();
      }
      return response;
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    if (socket != null) {
      socket.close();
      socket = null;
    }
  }

  private void open() throws IOException {
    Socket opened = new Socket();
    try {
      opened.setTcpNoDelay(true);
      opened.setSoTimeout(TIMEOUT_MILLIS);
      opened.connect(address, TIMEOUT_MILLIS);
    } catch (IOException e) {
      opened.close();
      throw e;
    }
    socket = opened;
    input = new BufferedInputStream(opened.getInputStream(), 4_096);
  }

  private Response read() throws IOException {
    String status = line();
    if (!status.startsWith("HTTP/1.1 ")) {
      throw new IOException("no HTTP answer: " + status);
    }
    int code = Integer.parseInt(status.substring(9, 12));
    Map<String, String> headers = new HashMap<>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      headers.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
    }
    byte[] body;
    if ("chunked".equalsIgnoreCase(headers.get("transfer-encoding"))) {
      body = chunks();
    } else {
      body = bytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
    }
    return new Response(code, headers, new String(body, StandardCharsets.UTF_8));
  }

  private byte[] chunks() throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    while (true) {
      int size = Integer.parseInt(line(), 16);
      body.writeBytes(bytes(size));
      line();
      if (size == 0) {
        return body.toByteArray();
      }
    }
  }

  private byte[] bytes(int count) throws IOException {
    if (count > MAX_BODY) {
      throw new IOException("a body of " + count + " bytes");
    }
    byte[] bytes = input.readNBytes(count);
    if (bytes.length < count) {
      throw new EOFException("the connection was closed within a body");
    }
    return bytes;
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder(80);
    while (true) {
      int next = input.read();
      if (next < 0) {
        throw new EOFException("the connection was closed");
      }
      if (next == '\n') {
        return line.toString();
      }
      if (next != '\r') {
        line.append((char) next);
      }
      if (line.length() > MAX_LINE) {
        throw new IOException("a line of more than " + MAX_LINE + " characters");
      }
    }
  }
}
