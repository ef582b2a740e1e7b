package ticketing.ingress.connection;

import jakarta.servlet.http.HttpServletRequest;
import org.springframework.http.HttpHeaders;

/// Response of a request that is answered later. A handler passes it to [#defer] and returns
/// without a response. The request then uses no thread and none of Tomcat's request buffers.
///
/// Each instance ends with [#cancel], after its response or when the client disconnects.
public interface PendingResponse {

  /// @param body sent with its length; empty for a response without content
  record Content(int status, HttpHeaders headers, byte[] body) {}

  /// Starts the request. Not called for a request that is answered immediately.
  ///
  /// @param ready the response can be created; called at most once, from any thread
  void start(Runnable ready);

  /// Creates the response; may block. Throws no exception.
  Content create();

  /// Releases all resources. May be called more than once, and from any thread.
  void cancel();

  /// Answers the request with this response after the handler and all filters have returned.
  static void defer(HttpServletRequest request, PendingResponse response) {
    request.setAttribute(ConnectionValve.PENDING_RESPONSE, response);
  }
}
