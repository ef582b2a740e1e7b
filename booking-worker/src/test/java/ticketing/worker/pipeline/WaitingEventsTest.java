package ticketing.worker.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import ticketing.worker.pipeline.WaitingEvents.Waiting;

class WaitingEventsTest {

  private final WaitingEvents<String> events = new WaitingEvents<>();

  @Test
  void firstEventsWithSmallBatchesAreTaken() {
    Map<Long, Integer> sizes = Map.of(1L, 3, 2L, 0, 3L, 21, 4L, 20, 5L, 1, 6L, 1);
    List.of(1L, 2L, 3L, 4L, 5L, 6L).forEach(this::add);

    assertThat(take(3, 100, sizes)).containsExactly(1L, 4L, 5L);
    assertThat(take(3, 100, sizes)).containsExactly(6L);
    assertThat(take(3, 100, sizes)).isEmpty();
  }

  @Test
  void batchesExceedNoTotal() {
    Map<Long, Integer> sizes = Map.of(1L, 3, 2L, 3, 3L, 2);
    List.of(1L, 2L, 3L).forEach(this::add);

    assertThat(take(10, 5, sizes)).containsExactly(1L, 3L);
    assertThat(take(10, 0, sizes)).isEmpty();
    assertThat(take(10, 3, sizes)).containsExactly(2L);
  }

  @Test
  void takenEventIsNotRemoved() {
    Waiting<String> first = add(1);
    Waiting<String> again = add(1);

    assertThat(events.remove(first)).isTrue();
    assertThat(events.remove(first)).isFalse();
    assertThat(take(10, 10, Map.of(1L, 1))).containsExactly(1L);
    assertThat(events.remove(again)).isFalse();
  }

  private Waiting<String> add(long eventId) {
    Waiting<String> waiting = new Waiting<>(eventId, "");
    events.add(waiting);
    return waiting;
  }

  private List<Long> take(int maxEvents, int maxItems, Map<Long, Integer> sizes) {
    return events.take(maxEvents, maxItems, event -> sizes.get(event.eventId()), 20).stream()
        .map(Waiting::eventId)
        .toList();
  }
}
