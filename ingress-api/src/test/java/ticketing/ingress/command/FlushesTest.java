package ticketing.ingress.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FlushesTest {

  @Test
  void turnThatFailsIsNotTheLastOne() throws InterruptedException {
    CountDownLatch turns = new CountDownLatch(2);
    try (Flushes flushes = new Flushes()) {
      var turning =
          flushes.scheduleAtFixedRate(
              () -> {
                turns.countDown();
                throw new NullPointerException("there is no buffer yet");
              },
              1,
              1,
              TimeUnit.MILLISECONDS);
      assertThat(turns.await(30, TimeUnit.SECONDS)).isTrue();
      turning.cancel(false);
    }
  }
}
