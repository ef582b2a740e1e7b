package ticketing.worker.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class EventBatcherTest {

  private static final int GROUP = 10;
  private static final int AT_ONCE = 3;
  private static final int EVENTS = 50;
  private static final long PATIENCE = 10; // s

  private final List<Integer> begun = Collections.synchronizedList(new ArrayList<>());
  private final List<Integer> ended = Collections.synchronizedList(new ArrayList<>());

  @Test
  void theNextGroupBeginsBesideTheSecondHalfOfTheOneBefore() throws Exception {
    CountDownLatch first = new CountDownLatch(1);
    CountDownLatch second = new CountDownLatch(1);
    try (EventBatcher<Integer> lanes =
        new EventBatcher<>(
            1,
            AT_ONCE,
            (event, group, place) -> {
              begun.addAll(group);
              pass(begun.size() == 1 ? first : new CountDownLatch(0));
              return () -> {
                pass(group.contains(1) ? second : new CountDownLatch(0));
                ended.addAll(group);
              };
            })) {
      lanes.submit(7, 1);
      lanes.submit(7, 2);
      lanes.submit(7, 3);
      first.countDown();
      await().until(() -> begun.equals(List.of(1, 2)));
      // One may run ahead, not two; and nobody is told of the second before the first.
      TimeUnit.MILLISECONDS.sleep(50);
      assertThat(begun).containsExactly(1, 2);
      assertThat(ended).isEmpty();
      second.countDown();
      await().until(() -> ended.equals(List.of(1, 2, 3)));
      assertThat(lanes.finish(5, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void whatIsInHandIsFinishedBeforeItEnds() throws Exception {
    CountDownLatch slow = new CountDownLatch(1);
    try (EventBatcher<Integer> lanes =
        new EventBatcher<>(
            GROUP,
            AT_ONCE,
            (event, group, place) ->
                () -> {
                  pass(slow);
                  ended.addAll(group);
                })) {
      lanes.submit(7, 1);
      assertThat(lanes.finish(100, TimeUnit.MILLISECONDS)).isFalse();
      slow.countDown();
      assertThat(lanes.finish(5, TimeUnit.SECONDS)).isTrue();
      assertThat(ended).containsExactly(1);
    }
  }

  /// Also where a lane ends and begins again between any two of them.
  @Test
  void bothHalvesOfAnEventKeepTheirOrderAndNoneIsLost() {
    int items = 20_000;
    int events = 3;
    var perEvent = new ConcurrentHashMap<Long, List<Integer>>();
    AtomicInteger atWork = new AtomicInteger();
    AtomicInteger faults = new AtomicInteger();
    try (EventBatcher<Integer> lanes =
        new EventBatcher<>(
            GROUP,
            AT_ONCE,
            (event, group, place) -> {
              if (group.size() > GROUP) {
                faults.incrementAndGet();
              }
              return () -> {
                if (event == 0 && atWork.getAndIncrement() != 0) {
                  faults.incrementAndGet();
                }
                perEvent
                    .computeIfAbsent(event, id -> Collections.synchronizedList(new ArrayList<>()))
                    .addAll(group);
                if (event == 0) {
                  atWork.decrementAndGet();
                }
              };
            })) {
      for (int i = 0; i < items; i++) {
        lanes.submit(i % events, i);
        if (i % 97 == 0) {
          Thread.yield();
        }
      }
      await().until(() -> perEvent.values().stream().mapToInt(List::size).sum() == items);
    }
    assertThat(faults).hasValue(0);
    assertThat(perEvent.values()).allSatisfy(all -> assertThat(all).isSorted());
  }

  @Test
  void manyEventsAreWorkedOnAFewAtATimeAndTheOthersGather() throws InterruptedException {
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    AtomicInteger groups = new AtomicInteger();
    AtomicInteger items = new AtomicInteger();
    CountDownLatch full = new CountDownLatch(AT_ONCE);
    CountDownLatch go = new CountDownLatch(1);
    try (EventBatcher<Integer> lanes =
        new EventBatcher<>(
            500,
            AT_ONCE,
            (event, group, place) -> {
              most.accumulateAndGet(now.incrementAndGet(), Math::max);
              groups.incrementAndGet();
              items.addAndGet(group.size());
              full.countDown();
              pass(go);
              now.decrementAndGet();
              return () -> {};
            })) {
      for (int i = 0; i < 2 * EVENTS; i++) {
        lanes.submit(i % EVENTS, i);
      }
      assertThat(full.await(PATIENCE, TimeUnit.SECONDS)).isTrue();
      go.countDown();
      assertThat(lanes.finish(PATIENCE, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(items).hasValue(2 * EVENTS);
    assertThat(most).hasValue(AT_ONCE);
    // Those under way may have begun with one item; all others found both.
    assertThat(groups).hasValueLessThanOrEqualTo(EVENTS + AT_ONCE);
  }

  @Test
  void howeverManyAreStuckTheOthersFindAPlaceAndTheStuckGoOnWhenTheyCan() throws Exception {
    int stuck = 3 * AT_ONCE;
    AtomicInteger trying = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch allInVain = new CountDownLatch(stuck);
    CountDownLatch free = new CountDownLatch(1);
    try (EventBatcher<Integer> lanes =
        new EventBatcher<>(
            GROUP,
            AT_ONCE,
            (event, group, place) -> {
              if (event < stuck) {
                allInVain.countDown();
                while (free.getCount() > 0 && standAside(place)) {
                  most.accumulateAndGet(trying.incrementAndGet(), Math::max);
                  pass(free);
                  trying.decrementAndGet();
                }
                place.gotThrough();
              }
              return () -> ended.addAll(group);
            })) {
      for (int event = 0; event < stuck; event++) {
        lanes.submit(event, event);
      }
      assertThat(allInVain.await(PATIENCE, TimeUnit.SECONDS)).isTrue();
      await().until(() -> trying.get() == AT_ONCE / 2);
      for (int event = stuck; event < 2 * stuck; event++) {
        lanes.submit(event, event);
      }
      await().until(() -> ended.size() == stuck);
      assertThat(ended).allMatch(event -> event >= stuck);
      free.countDown();
      await().until(() -> ended.size() == 2 * stuck);
    }
    assertThat(most).hasValue(AT_ONCE / 2);
  }

  @Test
  void aStuckOneThatGetsNoPlaceInTimeIsTold() throws Exception {
    RetryAwareLimiter places = new RetryAwareLimiter(2);
    RetryAwareLimiter.Place first = places.new Place();
    RetryAwareLimiter.Place second = places.new Place();
    first.take();
    second.take();
    assertThat(first.standAside(Duration.ZERO, in(PATIENCE))).isTrue();
    assertThat(second.standAside(Duration.ZERO, in(0))).isFalse();
    assertThat(second.isTaken()).isFalse();
    second.leave();
    first.leave();
    assertThat(second.standAside(Duration.ZERO, in(PATIENCE))).isTrue();
    // One that is not stuck has the other.
    first.gotThrough();
    first.take();
    assertThat(first.isTaken()).isTrue();
  }

  private static long in(long seconds) {
    return System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
  }

  private static boolean standAside(RetryAwareLimiter.Place place) {
    try {
      return place.standAside(Duration.ofMillis(1), in(PATIENCE));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static void pass(CountDownLatch gate) {
    try {
      gate.await(PATIENCE, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
