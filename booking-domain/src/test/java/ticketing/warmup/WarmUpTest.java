package ticketing.warmup;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;
import org.springframework.boot.DefaultApplicationArguments;

class WarmUpTest {

  private static final class CountingTask implements WarmUpTask {
    private final AtomicInteger runs = new AtomicInteger();
    private final AtomicInteger closes = new AtomicInteger();
    private final IntPredicate fails;

    private CountingTask(IntPredicate fails) {
      this.fails = fails;
    }

    @Override
    public String name() {
      return "counting";
    }

    @Override
    public void run() {
      if (fails.test(runs.incrementAndGet())) {
        throw new IllegalStateException("expected");
      }
    }

    @Override
    public void close() {
      closes.incrementAndGet();
    }
  }

  private static WarmUp warmUp(
      WarmUpSettings.Mode mode, Duration maxDuration, int maxRuns, WarmUpTask... tasks) {
    return new WarmUp(new WarmUpSettings(mode, maxDuration, maxRuns, 4, 5), List.of(tasks));
  }

  private static void run(WarmUp warmUp) {
    warmUp.run(new DefaultApplicationArguments());
  }

  @Test
  void warmUpEndsByItsNumberOfRuns() {
    CountingTask task = new CountingTask(_ -> false);
    run(warmUp(WarmUpSettings.Mode.BEFORE_READY, Duration.ofMinutes(5), 400, task));
    assertThat(task.runs.get()).isBetween(400, 500);
    assertThat(task.closes).hasValue(1);
  }

  @Test
  void warmUpEndsByItsDuration() {
    AtomicInteger runs = new AtomicInteger();
    WarmUpTask slow =
        new WarmUpTask() {
          @Override
          public String name() {
            return "slow";
          }

          @Override
          public void run() throws InterruptedException {
            runs.incrementAndGet();
            TimeUnit.MILLISECONDS.sleep(20);
          }
        };
    run(warmUp(WarmUpSettings.Mode.BEFORE_READY, Duration.ofMillis(200), 1_000_000, slow));
    assertThat(runs.get()).isBetween(1, 60);
  }

  @Test
  void failedTaskPreventsNeitherStartNorOtherTasks() {
    CountingTask failing = new CountingTask(_ -> true);
    CountingTask next = new CountingTask(_ -> false);
    run(warmUp(WarmUpSettings.Mode.BEFORE_READY, Duration.ofMinutes(5), 200, failing, next));
    assertThat(failing.closes).hasValue(1);
    assertThat(failing.runs.get()).isBetween(5, 8);
    assertThat(next.runs.get()).isGreaterThanOrEqualTo(200);
  }

  @Test
  void singleFailuresDoNotEndATask() {
    CountingTask task = new CountingTask(run -> run % 20 == 1);
    run(warmUp(WarmUpSettings.Mode.BEFORE_READY, Duration.ofMinutes(5), 400, task));
    assertThat(task.runs.get()).isGreaterThanOrEqualTo(400);
  }

  @Test
  void backgroundModeReturnsDuringTheWarmUp() throws InterruptedException {
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch returned = new CountDownLatch(1);
    WarmUpTask blocking =
        new WarmUpTask() {
          @Override
          public String name() {
            return "blocking";
          }

          @Override
          public void run() throws InterruptedException {
            started.countDown();
            returned.await();
          }
        };
    WarmUp warmUp = warmUp(WarmUpSettings.Mode.BACKGROUND, Duration.ofMinutes(5), 1, blocking);
    run(warmUp);
    returned.countDown();
    assertThat(started.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void disabledWarmUpRunsNoTask() {
    CountingTask task = new CountingTask(_ -> false);
    run(warmUp(WarmUpSettings.Mode.OFF, Duration.ofMinutes(5), 200, task));
    assertThat(task.runs).hasValue(0);
  }

  @Test
  void timesSettleWhenRoundsGetNoFaster() {
    WarmUp.RoundTimes times = new WarmUp.RoundTimes();
    for (long time : List.of(100, 50, 30, 20, 15, 12)) {
      times.add(time, 0);
      assertThat(times.isSettled()).isFalse();
    }
    for (long time : List.of(12, 13, 12)) {
      times.add(time, 0);
    }
    assertThat(times.isSettled()).isTrue();
  }

  @Test
  void timesDoNotSettleDuringCompilation() {
    WarmUp.RoundTimes times = new WarmUp.RoundTimes();
    for (int round = 0; round < 10; round++) {
      times.add(100, 50);
      assertThat(times.isSettled()).isFalse();
    }
    for (int round = 0; round < 3; round++) {
      times.add(100, 1);
    }
    assertThat(times.isSettled()).isTrue();
  }
}
