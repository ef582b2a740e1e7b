package ticketing.ingress.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Phaser;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.springframework.boot.tomcat.TomcatWebServer;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import ticketing.concurrent.BoundedVirtualThreads;
import ticketing.ingress.IngressFixture;

/// Concurrent requests and buffers of the HTTP server.
class RequestThreadLimiterTest {

  private static final int MAX_THREADS = 3;
  private static final int REQUESTS = 20;

  @Test
  void requestsOverTheLimitAreQueued() throws InterruptedException {
    AtomicInteger running = new AtomicInteger();
    AtomicInteger maxRunning = new AtomicInteger();
    CountDownLatch done = new CountDownLatch(REQUESTS);
    // The first requests block until all permits are in use.
    Phaser allPermitsUsed = new Phaser(MAX_THREADS);
    ThreadPoolExecutor threads = BoundedVirtualThreads.bounded(MAX_THREADS);
    for (int request = 0; request < REQUESTS; request++) {
      boolean first = request < MAX_THREADS;
      threads.execute(() -> {
        maxRunning.accumulateAndGet(running.incrementAndGet(), Math::max);
        if (first) {
          allPermitsUsed.arriveAndAwaitAdvance();
        }
        assertThat(Thread.currentThread().isVirtual()).isTrue();
        running.decrementAndGet();
        done.countDown();
      });
    }
    done.await();
    assertThat(maxRunning).hasValue(MAX_THREADS);
    threads.shutdown();
  }

  @Test
  void smallHeapReceivesFewerRequests() {
    HttpSettings settings = IngressFixture.shared().context.getBean(HttpSettings.class);
    int configured = settings.maxReceivedRequests();
    // A request needs about 60 KiB.
    assertThat(RequestThreadLimiter.limit(settings, 256L << 20)).isEqualTo(1_024);
    assertThat(RequestThreadLimiter.limit(settings, 1L << 30)).isEqualTo(configured);
    assertThat(RequestThreadLimiter.limit(settings, 1)).isEqualTo(1);
  }

  @Test
  void tomcatUsesTheBoundedExecutorAndSmallBuffers() {
    IngressFixture ingress = IngressFixture.shared();
    int maxRequests = ingress.context.getBean(HttpSettings.class).maxReceivedRequests();
    var server = ((WebServerApplicationContext) ingress.context).getWebServer();
    var connector = ((TomcatWebServer) server).getTomcat().getConnector();
    assertThat(connector.getProtocolHandler().getExecutor())
        .isInstanceOfSatisfying(
            ThreadPoolExecutor.class,
            threads -> assertThat(threads.getMaximumPoolSize()).isEqualTo(maxRequests));
    assertThat(connector.getProperty("socket.appReadBufSize")).isEqualTo("2048");
  }
}
