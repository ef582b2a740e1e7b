package ticketing.worker.seatmap;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static ticketing.local.servers.schedule.Scenario.require;
import static ticketing.local.servers.schedule.Scenario.runConcurrently;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.Lincheck;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import ticketing.domain.Json;
import ticketing.domain.seatmap.SeatMap;
import ticketing.local.servers.schedule.MutantLoader;

/// Schedules of threads that load the same map.
@Tag("schedules")
class SeatMapCacheScheduleTest {

  private static final int SCHEDULES = 50;

  @Test
  void cachedSeatsAreBounded() {
    Lincheck.runConcurrentTest(SCHEDULES, new Loads());
  }

  @Test
  void removedLockIsFound() {
    Runnable mutant =
        MutantLoader.withoutLocks(SeatMapCache.class).newInstance(Runnable.class, Loads.class);
    assertThatThrownBy(() -> Lincheck.runConcurrentTest(SCHEDULES, mutant))
        .isInstanceOf(LincheckAssertionError.class)
        .hasMessageContaining("the cached seats are too");
  }

  /// Two threads load the map of one event. The cache has room for two maps.
  static final class Loads implements Runnable {

    private final SeatMap map =
        SeatMap.ofValid(
            Json.INTERNAL.readTree(
                """
                {"sections":[{"section":"S","rows":[{"row":"1","seats":[
                {"id":"1","seatType":"A","rank":1,"x":1,"y":1}]}]}]}
                """),
            List.of("A"));
    private SeatMapCache cache;
    private AtomicInteger loads;

    @Override
    public void run() {
      cache = new SeatMapCache(new SeatMapSettings(2));
      loads = new AtomicInteger();
      runConcurrently(() -> get(1), () -> get(1));
      get(2);
      int loaded = loads.get();
      get(1);
      require(loads.get() == loaded, "the cached seats are too high");
      get(3);
      get(2);
      require(loads.get() == loaded + 2, "the cached seats are too low");
    }

    private void get(long eventId) {
      SeatMap found =
          cache.get(
              eventId,
              1,
              () -> {
                loads.incrementAndGet();
                return map;
              });
      require(found == map, "another map");
    }
  }
}
