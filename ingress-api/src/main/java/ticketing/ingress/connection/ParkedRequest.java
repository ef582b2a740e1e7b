package ticketing.ingress.connection;

import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpUpgradeHandler;
import jakarta.servlet.http.WebConnection;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.coyote.Processor;
import org.apache.coyote.Request;
import org.apache.coyote.UpgradeToken;
import org.apache.tomcat.util.http.FastHttpDateFormat;
import org.apache.tomcat.util.net.AbstractEndpoint.Handler.SocketState;
import org.apache.tomcat.util.net.SSLSupport;
import org.apache.tomcat.util.net.SocketEvent;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.jspecify.annotations.Nullable;

/// Request whose response is pending. It owns its connection in place of Tomcat's HTTP processor,
/// as the processor of an upgraded connection does, and returns it after the response.
///
/// Tomcat calls [#process] with the lock of the connection. A disconnect of the client is detected
/// and cancels the response.
final class ParkedRequest implements Processor, WebConnection, HttpUpgradeHandler {

  private static final int NO_TIMEOUT = -1;

  private final PendingResponse pending;
  private final byte[] filterHeaders;
  private final boolean withoutBody;
  private final boolean keepAlive;
  private final AtomicBoolean ready = new AtomicBoolean();
  private volatile @Nullable SocketWrapperBase<?> connection;
  private int keepAliveMillis;

  /// @param filterHeaders header lines, each with its line end
  /// @param withoutBody true for a response without its body
  ParkedRequest(
      PendingResponse pending, byte[] filterHeaders, boolean withoutBody, boolean keepAlive) {
    this.pending = pending;
    this.filterHeaders = filterHeaders;
    this.withoutBody = withoutBody;
    this.keepAlive = keepAlive;
  }

  ParkedRequest attach(SocketWrapperBase<?> connection, int keepAliveMillis) {
    this.connection = connection;
    this.keepAliveMillis = keepAliveMillis;
    return this;
  }

  @Override
  public void init(WebConnection self) {
    connection.setReadTimeout(NO_TIMEOUT);
    pending.start(this::scheduleAnswer);
  }

  private void scheduleAnswer() {
    if (ready.compareAndSet(false, true)) {
      connection.processSocket(SocketEvent.OPEN_WRITE, true);
    }
  }

  @Override
  public SocketState process(SocketWrapperBase<?> wrapper, SocketEvent event) throws IOException {
    return switch (event) {
      case OPEN_READ -> readInput(wrapper);
      case OPEN_WRITE -> answer(wrapper);
      case STOP, TIMEOUT, DISCONNECT, ERROR, CONNECT_FAIL -> SocketState.CLOSED;
    };
  }

  /// The end of the input is a disconnect. Further requests stay in the buffer, unread, until this
  /// one is answered.
  private SocketState readInput(SocketWrapperBase<?> wrapper) throws IOException {
    byte[] next = new byte[1];
    int length = wrapper.read(false, next, 0, next.length);
    if (length < 0) {
      return SocketState.CLOSED;
    }
    if (length == 0) {
      return SocketState.UPGRADED;
    }
    wrapper.unRead(ByteBuffer.wrap(next));
    return SocketState.SUSPENDED;
  }

  private SocketState answer(SocketWrapperBase<?> wrapper) throws IOException {
    byte[] response = toBytes(pending.create());
    wrapper.write(true, response, 0, response.length);
    wrapper.flush(true);
    if (!keepAlive) {
      return SocketState.CLOSED;
    }
    wrapper.setReadTimeout(keepAliveMillis);
    if (!wrapper.getSocketBufferHandler().isReadBufferEmpty()) {
      wrapper.processSocket(SocketEvent.OPEN_READ, true);
    }
    return SocketState.OPEN;
  }

  private byte[] toBytes(PendingResponse.Content content) {
    ByteArrayOutputStream response = new ByteArrayOutputStream();
    StringBuilder head = new StringBuilder("HTTP/1.1 ").append(content.status()).append(" \r\n");
    content
        .headers()
        .forEach((name, values) ->
            values.forEach(value -> head.append(name).append(": ").append(value).append("\r\n")));
    if (content.status() != 304) {
      head.append("Content-Length: ").append(content.body().length).append("\r\n");
    }
    head.append("Date: ").append(FastHttpDateFormat.getCurrentDate()).append("\r\n");
    if (!keepAlive) {
      head.append("Connection: close\r\n");
    }
    response.writeBytes(head.toString().getBytes(StandardCharsets.ISO_8859_1));
    response.writeBytes(filterHeaders);
    response.writeBytes("\r\n".getBytes(StandardCharsets.ISO_8859_1));
    if (!withoutBody) {
      response.writeBytes(content.body());
    }
    return response.toByteArray();
  }

  @Override
  public void destroy() {
    pending.cancel();
  }

  @Override
  public void recycle() {
    pending.cancel();
  }

  @Override
  public boolean isUpgrade() {
    return true;
  }

  @Override
  public UpgradeToken getUpgradeToken() {
    return new UpgradeToken(this, null, null, "parked");
  }

  @Override
  public boolean isAsync() {
    return false;
  }

  @Override
  public void timeoutAsync(long now) {}

  @Override
  public boolean checkAsyncTimeoutGeneration() {
    return false;
  }

  @Override
  public @Nullable Request getRequest() {
    return null;
  }

  @Override
  public void setSslSupport(SSLSupport sslSupport) {}

  @Override
  public @Nullable ByteBuffer getLeftoverInput() {
    return null;
  }

  @Override
  public void pause() {}

  @Override
  public ServletInputStream getInputStream() {
    throw new UnsupportedOperationException("a parked request has no streams");
  }

  @Override
  public ServletOutputStream getOutputStream() {
    throw new UnsupportedOperationException("a parked request has no streams");
  }

  @Override
  public void close() {
    pending.cancel();
  }
}
