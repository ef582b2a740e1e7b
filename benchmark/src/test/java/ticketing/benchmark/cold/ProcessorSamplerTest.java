package ticketing.benchmark.cold;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ProcessorSamplerTest {

  private static final Duration LONG_WINDOW = Duration.ofHours(1);

  private final AtomicInteger seconds = new AtomicInteger();
  private final CountDownLatch sampled = new CountDownLatch(1);

  private Map<String, Duration> times() {
    Map<String, Duration> times = Map.of("server", Duration.ofSeconds(seconds.getAndAdd(5)));
    sampled.countDown();
    return times;
  }

  @Test
  void eachReadOfAWindowIsEqual() throws InterruptedException {
    try (ProcessorSampler sampler = new ProcessorSampler(LONG_WINDOW, 1, this::times)) {
      sampled.await();
      sampler.end();
      assertThat(sampler.used(0)).containsExactly(Map.entry("server", Duration.ofSeconds(5)));
      assertThat(sampler.used(0)).containsExactly(Map.entry("server", Duration.ofSeconds(5)));
    }
  }

  @Test
  void missingSampleIsAFailure() throws InterruptedException {
    try (ProcessorSampler sampler = new ProcessorSampler(LONG_WINDOW, 2, this::times)) {
      sampled.await();
      sampler.end();
      assertThatThrownBy(() -> sampler.used(0)).hasMessage("windows=2, samples=2");
    }
  }
}
