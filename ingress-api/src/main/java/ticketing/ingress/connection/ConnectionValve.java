package ticketing.ingress.connection;

import jakarta.servlet.ServletException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.apache.coyote.ActionCode;
import org.apache.coyote.UpgradeToken;

/// Gives a request access to its connection, and parks a request with a [PendingResponse] after all
/// filters have returned.
final class ConnectionValve extends ValveBase {

  static final String PROCESSOR = "ticketing.connection.processor";
  static final String PENDING_RESPONSE = "ticketing.connection.pending-response";

  ConnectionValve() {
    super(true);
  }

  @Override
  public void invoke(Request request, Response response) throws IOException, ServletException {
    ClientProcessor processor = ClientProcessor.of(request.getCoyoteRequest());
    request.setAttribute(PROCESSOR, processor);
    boolean parked = false;
    try {
      getNext().invoke(request, response);
      if (request.getAttribute(PENDING_RESPONSE) instanceof PendingResponse pending) {
        parked = answer(request, response, processor, pending);
      }
    } finally {
      if (!parked && request.getAttribute(PENDING_RESPONSE) instanceof PendingResponse pending) {
        pending.cancel();
      }
    }
  }

  /// A client with further requests on the connection is answered immediately: the buffer of a
  /// parked connection is too small for a request.
  ///
  /// @return true if the request is parked
  private static boolean answer(
      Request request, Response response, ClientProcessor processor, PendingResponse pending)
      throws IOException {
    if (response.isCommitted() || response.isError()) {
      return false;
    }
    if (processor == null || processor.hasFurtherInput()) {
      write(response, pending.create());
      return false;
    }
    ParkedRequest parked =
        new ParkedRequest(
            pending, headers(response), request.getMethod().equals("HEAD"), isKeptAlive(request));
    // Tomcat then writes no response, and passes the connection to the parked request.
    response.getCoyoteResponse().setCommitted(true);
    request
        .getCoyoteRequest()
        .action(ActionCode.UPGRADE, new UpgradeToken(parked, null, null, "parked"));
    return true;
  }

  private static void write(Response response, PendingResponse.Content content) throws IOException {
    response.setStatus(content.status());
    content
        .headers()
        .forEach((name, values) -> values.forEach(value -> response.addHeader(name, value)));
    response.setContentLength(content.body().length);
    response.getOutputStream().write(content.body());
  }

  /// Header lines that the filters have set.
  private static byte[] headers(Response response) {
    StringBuilder lines = new StringBuilder();
    // Tomcat lists a name once for each of its values.
    for (String name : new LinkedHashSet<>(response.getHeaderNames())) {
      for (String value : response.getHeaders(name)) {
        lines.append(name).append(": ").append(value).append("\r\n");
      }
    }
    return lines.toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  private static boolean isKeptAlive(Request request) {
    String connection = request.getHeader("Connection");
    return request.getProtocol().equals("HTTP/1.1")
        && (connection == null || !connection.toLowerCase().contains("close"));
  }
}
