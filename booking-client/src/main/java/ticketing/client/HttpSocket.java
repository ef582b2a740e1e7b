package ticketing.client;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/// TCP or TLS connection with a read buffer. Reads are for one thread at a time.
final class HttpSocket implements Closeable {

  /// Status and headers of a response.
  ///
  /// @param headers values by name in lower case
  record Head(int status, Map<String, String> headers) {}

  private static final int BUFFER_SIZE = 4_096; // bytes
  private static final int MAX_LINE_LENGTH = 8_192; // characters
  private static final int HTTPS_PORT = 443;
  private static final int HTTP_PORT = 80;

  private final Socket socket;
  private final InputStream input;
  private final byte[] buffer = new byte[BUFFER_SIZE];
  private int position;
  private int limit;

  private HttpSocket(Socket socket) throws IOException {
    this.socket = socket;
    this.input = socket.getInputStream();
  }

  /// @param server URL; `https` and `wss` use TLS and verify the host name
  /// @param timeout limit of connecting and of each read
  static HttpSocket open(URI server, Duration timeout, SSLSocketFactory tls) throws IOException {
    boolean secure = "https".equals(server.getScheme()) || "wss".equals(server.getScheme());
    int defaultPort = secure ? HTTPS_PORT : HTTP_PORT;
    int port = server.getPort() < 0 ? defaultPort : server.getPort();
    Socket opened = new Socket();
    try {
      int millis = (int) timeout.toMillis();
      opened.setTcpNoDelay(true);
      opened.setSoTimeout(millis);
      opened.connect(new InetSocketAddress(server.getHost(), port), millis);
      if (secure) {
        opened = secured(opened, server.getHost(), port, tls);
      }
      return new HttpSocket(opened);
    } catch (IOException e) {
      opened.close();
      throw e;
    }
  }

  private static SSLSocket secured(Socket plain, String host, int port, SSLSocketFactory tls)
      throws IOException {
    SSLSocket secured = (SSLSocket) tls.createSocket(plain, host, port, true);
    SSLParameters parameters = secured.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    secured.setSSLParameters(parameters);
    secured.startHandshake();
    return secured;
  }

  void setReadTimeout(Duration timeout) throws IOException {
    socket.setSoTimeout((int) timeout.toMillis());
  }

  void write(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
  }

  Head readHead() throws IOException {
    String statusLine = readLine();
    if (!statusLine.startsWith("HTTP/1.1 ") || statusLine.length() < 12) {
      throw new IOException("no HTTP response: " + statusLine);
    }
    int status = parse(statusLine.substring(9, 12), 10);
    Map<String, String> headers = new HashMap<>();
    for (String line = readLine(); !line.isEmpty(); line = readLine()) {
      int colon = line.indexOf(':');
      if (colon < 0) {
        throw new IOException("no HTTP header: " + line);
      }
      headers.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
    }
    return new Head(status, headers);
  }

  static int parse(String number, int radix) throws IOException {
    try {
      return Integer.parseInt(number, radix);
    } catch (NumberFormatException e) {
      throw new IOException("no number in HTTP response: " + number, e);
    }
  }

  String readLine() throws IOException {
    StringBuilder line = new StringBuilder(80);
    while (true) {
      int next = readByte();
      if (next == '\n') {
        return line.toString();
      }
      if (next != '\r') {
        line.append((char) next);
      }
      if (line.length() > MAX_LINE_LENGTH) {
        throw new IOException("response line is longer than " + MAX_LINE_LENGTH + " characters");
      }
    }
  }

  /// @return 0 to 255
  int readByte() throws IOException {
    if (position == limit) {
      fill();
    }
    return buffer[position++] & 0xff;
  }

  byte[] readBytes(int count) throws IOException {
    byte[] bytes = new byte[count];
    int filled = 0;
    while (filled < count) {
      if (position == limit) {
        fill();
      }
      int length = Math.min(count - filled, limit - position);
      System.arraycopy(buffer, position, bytes, filled, length);
      position += length;
      filled += length;
    }
    return bytes;
  }

  private void fill() throws IOException {
    int count = input.read(buffer, 0, buffer.length);
    if (count < 0) {
      throw new EOFException("server closed the connection");
    }
    position = 0;
    limit = count;
  }

  /// Closes the socket. An error of closing is logged, because the socket is unusable in either
  /// case.
  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      System.getLogger(HttpSocket.class.getName())
          .log(System.Logger.Level.DEBUG, "cannot close connection", e);
    }
  }

  /// Text of a failure for users: its message, without its Java type.
  static String failureText(Exception failure) {
    String message = failure.getMessage();
    if (message == null || message.isBlank()) {
      return "the connection was closed";
    }
    return failure instanceof UnknownHostException ? "unknown host " + message : message;
  }
}
