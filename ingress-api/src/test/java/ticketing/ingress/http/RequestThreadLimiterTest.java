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

class RequestThreadLimiterTest {

  private static final int MOST = 3;
  private static final int REQUESTS = 20;

  @Test
  void noMoreRunThanTheLimitAndTheOthersAreNotLost() throws InterruptedException {
    AtomicInteger running = new AtomicInteger();
    AtomicInteger atOnce = new AtomicInteger();
    CountDownLatch done = new CountDownLatch(REQUESTS);
    // Nobody goes on before as many run as may.
    Phaser full = new Phaser(MOST);
    ThreadPoolExecutor threads = BoundedVirtualThreads.bounded(MOST);
    for (int request = 0; request < REQUESTS; request++) {
      boolean first = request < MOST;
      threads.execute(
          () -> {
            atOnce.accumulateAndGet(running.incrementAndGet(), Math::max);
            if (first) {
              full.arriveAndAwaitAdvance();
            }
            assertThat(Thread.currentThread().isVirtual()).isTrue();
            running.decrementAndGet();
            done.countDown();
          });
    }
    done.await();
    assertThat(atOnce).hasValue(MOST);
    threads.shutdown();
  }

  @Test
  void theServerUsesThemInPlaceOfAThreadForEachRequest() {
    IngressFixture ingress = IngressFixture.shared();
    int most = ingress.context.getBean(HttpSettings.class).maxConcurrentRequests();
    var server = ((WebServerApplicationContext) ingress.context).getWebServer();
    var connector = ((TomcatWebServer) server).getTomcat().getConnector();
    assertThat(connector.getProtocolHandler().getExecutor())
        .isInstanceOfSatisfying(
            ThreadPoolExecutor.class,
            threads -> assertThat(threads.getMaximumPoolSize()).isEqualTo(most));
    assertThat(connector.getProperty("socket.appReadBufSize")).isEqualTo("2048");
  }
}
