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

/// Sends what no proper client would send.
public final class RawHttpClient {

  private static final int TIMEOUT = 30_000; // ms

  /// @param status 0 if the connection was cut without an answer
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
      socket.setSoTimeout(TIMEOUT);
      byte[] answer;
      try {
        socket.getOutputStream().write(request);
        socket.getOutputStream().flush();
      } catch (IOException e) {
        // Refused before it was read to the end; the answer may be there already.
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
      // Reset: what came before counts.
    }
    return all.toByteArray();
  }

  /// @param text a character for each byte: a chunk's size counts those
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
