package ticketing.worker.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import ticketing.worker.queue.CommandQueue.ReleaseReason;

class ReleaseDelayTest {

  private static final int MAX_RECEIVES = 5;
  private static final double MEAN = 0.5;

  private final ReleaseDelay delay =
      new ReleaseDelay(
          new QueueSettings(
              "commands",
              Duration.ofHours(1),
              Duration.ofSeconds(5),
              Duration.ofSeconds(60),
              Duration.ofSeconds(2),
              Duration.ofMinutes(15)));

  @Test
  void delaysGrowUpToTheirLimit() {
    assertThat(seconds(ReleaseReason.STOPPING, MEAN)).containsOnly(0L);
    assertThat(seconds(ReleaseReason.UNDECIDED, MEAN)).containsExactly(5L, 20L, 80L, 320L, 900L);
    assertThat(seconds(ReleaseReason.DEFERRED, MEAN)).containsExactly(60L, 240L, 900L, 900L, 900L);
    assertThat(seconds(ReleaseReason.UNREADABLE, MEAN)).containsExactly(2L, 4L, 8L, 16L, 30L);
    assertThat(delay.of(ReleaseReason.UNDECIDED, Integer.MAX_VALUE, MEAN))
        .isEqualTo(Duration.ofMinutes(15));
  }

  @Test
  void deferredMessageLivesLongerThanAnUpgrade() {
    assertThat(seconds(ReleaseReason.DEFERRED, 0).stream().mapToLong(Long::longValue).sum())
        .isGreaterThan(Duration.ofMinutes(15).toSeconds());
  }

  @Test
  void delaysOfTheSameReceiveVary() {
    assertThat(delay.of(ReleaseReason.DEFERRED, 1, 0)).isEqualTo(Duration.ofSeconds(48));
    assertThat(delay.of(ReleaseReason.DEFERRED, 1, 1)).isEqualTo(Duration.ofSeconds(72));
  }

  private List<Long> seconds(ReleaseReason reason, double random) {
    return IntStream.rangeClosed(1, MAX_RECEIVES)
        .mapToObj(receiveCount -> delay.of(reason, receiveCount, random).toSeconds())
        .toList();
  }
}
