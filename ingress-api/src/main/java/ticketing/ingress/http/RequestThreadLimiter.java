package ticketing.ingress.http;

import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import ticketing.concurrent.BoundedVirtualThreads;

/// Keeps what clients can make this process hold within its memory, however many come at once.
@Component
@Order(Ordered.LOWEST_PRECEDENCE) // after the one that gives every request a thread
class RequestThreadLimiter implements WebServerFactoryCustomizer<TomcatServletWebServerFactory> {

  /// Bytes, of each direction of a connection. A request and most answers fit.
  private static final String BUFFER = "2048";

  private final int most;

  RequestThreadLimiter(HttpSettings settings) {
    this.most = settings.maxConcurrentRequests();
  }

  @Override
  public void customize(TomcatServletWebServerFactory factory) {
    factory.addProtocolHandlerCustomizers(
        handler -> handler.setExecutor(BoundedVirtualThreads.bounded(most)));
    factory.addConnectorCustomizers(
        connector -> {
          connector.setProperty("socket.appReadBufSize", BUFFER);
          connector.setProperty("socket.appWriteBufSize", BUFFER);
        });
  }
}
