package ticketing.ingress.http;

import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import ticketing.concurrent.BoundedVirtualThreads;

/// Limits the received requests and the buffer of each connection, which bounds the memory that
/// clients can make this process use. [RequestPermitFilter] limits the processed requests.
@Component
@Order(Ordered.LOWEST_PRECEDENCE) // after Boot's customizer, which sets an unbounded executor
class RequestThreadLimiter implements WebServerFactoryCustomizer<TomcatServletWebServerFactory> {

  /// Each direction of a connection has one buffer. A request and most responses fit.
  private static final String BUFFER_BYTES = "2048";

  private static final long REQUEST_MEMORY = 64 << 10; // bytes, of Tomcat's buffers and the request
  private static final int HEAP_PARTS = 4; // received requests use one of them at most

  private final int maxReceivedRequests;

  RequestThreadLimiter(HttpSettings settings) {
    this.maxReceivedRequests = limit(settings, Runtime.getRuntime().maxMemory());
  }

  /// Returns the limit of the settings, or less if a burst of so many requests would use more than
  /// a quarter of the heap. Further requests wait in the sockets.
  ///
  /// @param heap maximum size in bytes
  static int limit(HttpSettings settings, long heap) {
    long affordable = Math.max(1, heap / HEAP_PARTS / REQUEST_MEMORY);
    return (int) Math.min(settings.maxReceivedRequests(), affordable);
  }

  @Override
  public void customize(TomcatServletWebServerFactory factory) {
    factory.addProtocolHandlerCustomizers(
        handler -> handler.setExecutor(BoundedVirtualThreads.bounded(maxReceivedRequests)));
    factory.addConnectorCustomizers(connector -> {
      connector.setProperty("socket.appReadBufSize", BUFFER_BYTES);
      connector.setProperty("socket.appWriteBufSize", BUFFER_BYTES);
    });
  }
}
