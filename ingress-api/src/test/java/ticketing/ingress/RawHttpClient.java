package ticketing.ingress;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import ticketing.domain.Json;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// Client that sends arbitrary bytes.
public final class RawHttpClient {

  private static final int TIMEOUT_MILLIS = 30_000;

  /// @param status 0 if the connection closed without an answer
  public record Answer(int status, Map<String, String> headers, String body) {

    public JsonNode json() {
      try {
        return Json.INTERNAL.readTree(body);
      } catch (JacksonException e) {
        return Json.INTERNAL.missingNode();
      }
    }

    public String code() {
      return json().path("code").asString("");
    }
  }

  private RawHttpClient() {}

  public static Answer send(
      int port, String method, String target, List<String> headers, byte[] body) {
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    List<String> lines = new ArrayList<>();
    lines.add(method + " " + target + " HTTP/1.1");
    lines.add("Host: localhost");
    lines.add("Connection: close");
    lines.addAll(headers);
    if (body != null) {
      lines.add("Content-Length: " + body.length);
    }
    request.writeBytes((String.join("\r\n", lines) + "\r\n\r\n").getBytes(StandardCharsets.UTF_8));
    if (body != null) {
      request.writeBytes(body);
    }
    return send(port, request.toByteArray());
  }

  public static Answer send(int port, byte[] request) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(TIMEOUT_MILLIS);
      byte[] answer;
      try {
        socket.getOutputStream().write(request);
        socket.getOutputStream().flush();
      } catch (IOException e) {
        // The server closed the connection early; the answer may be available.
      }
      answer = readAll(socket.getInputStream());
      return parse(new String(answer, StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] readAll(InputStream in) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    try {
      in.transferTo(all);
    } catch (java.net.SocketException e) {
      // The connection was reset; the bytes received before are the answer.
    }
    return all.toByteArray();
  }

  /// @param text one character a byte, as chunk sizes count bytes
  private static Answer parse(String text) {
    if (text.isEmpty()) {
      return new Answer(0, Map.of(), "");
    }
    int end = text.indexOf("\r\n\r\n");
    String[] lines = text.substring(0, end).split("\r\n");
    Map<String, String> headers = new TreeMap<>();
    for (int i = 1; i < lines.length; i++) {
      int colon = lines[i].indexOf(':');
      headers.put(
          lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
          lines[i].substring(colon + 1).strip());
    }
    String body = text.substring(end + 4);
    if ("chunked".equals(headers.get("transfer-encoding"))) {
      body = unchunk(body);
    }
    body = new String(body.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    return new Answer(Integer.parseInt(lines[0].split(" ")[1]), headers, body);
  }

  private static String unchunk(String body) {
    StringBuilder whole = new StringBuilder();
    int at = 0;
    while (at < body.length()) {
      int line = body.indexOf('\r', at);
      int size = Integer.parseInt(body, at, line, 16);
      if (size == 0) {
        break;
      }
      whole.append(body, line + 2, line + 2 + size);
      at = line + 2 + size + 2;
    }
    return whole.toString();
  }
}
