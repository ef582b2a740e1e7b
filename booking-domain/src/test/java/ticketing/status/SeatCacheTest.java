package ticketing.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import ticketing.domain.seatmap.SeatsView;
import ticketing.redis.RedisGateway;

class SeatCacheTest {

  private static final Duration HOUR = Duration.ofHours(1);

  @Test
  void newestBitmapsStayAndEachChangeIsPublished() {
    try (RedisGateway redis = TestRedis.connect(1)) {
      SeatCache cache = new SeatCache(redis);
      StatusStore store = new StatusStore(redis, new StatusStoreSettings(HOUR, HOUR, HOUR));
      BlockingQueue<SeatsView> published = new LinkedBlockingQueue<>();
      cache.subscribe(published::add);
      assertThat(cache.find(4_711)).isEmpty();

      SeatsView second = new SeatsView(4_711, 1, 2, Map.of("A", "Aw==", "B", "AQ=="));
      publish(store, second, "B");
      SeatsView first = new SeatsView(4_711, 1, 1, Map.of("A", "Aw==", "B", "AA=="));
      publish(store, first, "A");

      assertThat(cache.find(4_711)).contains(second);
      await().atMost(Duration.ofSeconds(30)).until(() -> published.size() == 2);
      assertThat(published).containsExactly(second.only(Set.of("B")), first.only(Set.of("A")));
    }
  }

  private static void publish(StatusStore store, SeatsView view, String changed) {
    store.publish(
        List.of(
            new StatusStore.Publication(
                List.of(),
                0,
                null,
                List.of(),
                new SeatsView.Change(view, view.only(Set.of(changed))))));
  }
}
