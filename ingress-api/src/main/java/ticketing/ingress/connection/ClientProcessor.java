package ticketing.ingress.connection;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import org.apache.coyote.Request;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.apache.coyote.http11.Http11Processor;
import org.apache.tomcat.util.net.AbstractEndpoint.Handler.SocketState;
import org.apache.tomcat.util.net.SocketEvent;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.jspecify.annotations.Nullable;

/// Tomcat's processor of HTTP/1.1 with access to its connection.
final class ClientProcessor extends Http11Processor {

  private static final int NOTE = 31; // Tomcat uses the lowest ones

  private final byte[] headTimeoutResponse;

  /// @param headTimeoutResponse sent if the head is not complete in time
  ClientProcessor(AbstractHttp11Protocol<?> protocol, byte[] headTimeoutResponse) {
    super(protocol, protocol.getAdapter());
    this.headTimeoutResponse = headTimeoutResponse;
    // Notes of a request survive its reuse, as the processor does.
    getRequest().setNote(NOTE, this);
  }

  @Override
  public SocketState process(SocketWrapperBase<?> connection, SocketEvent event)
      throws IOException {
    if (event == SocketEvent.ERROR
        && hasIncompleteHead()
        && connection.getError() instanceof SocketTimeoutException) {
      connection.write(false, headTimeoutResponse, 0, headTimeoutResponse.length);
      connection.flush(false);
      return SocketState.CLOSED;
    }
    SocketState state = super.process(connection, event);
    if (state == SocketState.OPEN || state == SocketState.UPGRADING) {
      // Tomcat reuses or drops this processor now, but the connection would keep its buffers of
      // about 60 KiB until the next request.
      connection.setAppReadBufHandler(null);
    }
    return state;
  }

  static @Nullable ClientProcessor of(Request request) {
    return request.getNote(NOTE) instanceof ClientProcessor processor ? processor : null;
  }

  /// [System#nanoTime] of the first byte of the request; now if there is none.
  long startNanos() {
    long start = getRequest().getStartTimeNanos();
    return start < 0 ? System.nanoTime() : start;
  }

  /// True while a part of a request head is received.
  boolean hasIncompleteHead() {
    return !isAsync() && !isUpgrade() && getRequest().getStartTimeNanos() >= 0;
  }

  void setReadTimeout(long millis) {
    getSocketWrapper().setReadTimeout(millis);
  }

  /// True if the client has sent more than this request.
  boolean hasFurtherInput() {
    ByteBuffer input = getLeftoverInput();
    return input != null && input.hasRemaining();
  }
}
