package ticketing.ingress;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;

/// Keeps what clients can make this process hold within its memory, however many come at once.
///
/// A request that is being answered holds some 100 KiB of the heap, a connection without one only
/// its two buffers. A virtual thread for each request would let a few thousand clients that come
/// while the code is still being compiled fill the heap; so beyond the limit requests wait in line,
/// unread, and there are no more of those than connections.
@Component
@Order(Ordered.LOWEST_PRECEDENCE) // after the one that gives every request a thread
class RequestThreads implements WebServerFactoryCustomizer<TomcatServletWebServerFactory> {

  private static final int IDLE_SECONDS = 10;

  /// Bytes, of each direction of a connection. A request and most answers fit.
  private static final String BUFFER = "2048";

  private final int most;

  RequestThreads(IngressSettings settings) {
    this.most = settings.limits().requests();
  }

  @Override
  public void customize(TomcatServletWebServerFactory factory) {
    factory.addProtocolHandlerCustomizers(handler -> handler.setExecutor(threads(most)));
    factory.addConnectorCustomizers(
        connector -> {
          connector.setProperty("socket.appReadBufSize", BUFFER);
          connector.setProperty("socket.appWriteBufSize", BUFFER);
        });
  }

  /// Virtual ones, for what they wait is bounded and they cost little, but not without end.
  static ThreadPoolExecutor threads(int most) {
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            most,
            most,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofVirtual().name("tomcat-handler-", 0).factory());
    threads.allowCoreThreadTimeOut(true);
    return threads;
  }
}
