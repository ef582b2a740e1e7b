package ticketing.worker.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class VisibilityExtenderTest {

  private static final Duration VISIBILITY = Duration.ofSeconds(6);
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final Queue<List<Delivery>> calls = new ConcurrentLinkedQueue<>();
  private final Queue<Throwable> uncaught = new ConcurrentLinkedQueue<>();
  private volatile boolean answering = true;
  private volatile List<Delivery> unknown = List.of();
  private VisibilityExtender extender;

  @AfterEach
  void close() {
    extender.close();
    assertThat(uncaught).isEmpty();
  }

  private void start(Duration maxHold) {
    extender =
        new VisibilityExtender(
            (deliveries, timeout) -> {
              calls.add(List.copyOf(deliveries));
              return answering
                  ? CompletableFuture.completedFuture(unknown)
                  : CompletableFuture.failedFuture(new IllegalStateException("no answer"));
            },
            maxHold,
            (thread, failure) -> uncaught.add(failure));
  }

  private static List<Delivery> deliveries(int count, Duration visibility) {
    return IntStream.range(0, count)
        .mapToObj(number ->
            new Delivery("id-" + number, "receipt-" + number, 1, Map.of(), 0, 0, visibility))
        .toList();
  }

  @Test
  void heldDeliveriesAreExtendedInTens() {
    start(Duration.ofHours(1));
    List<Delivery> held = deliveries(25, VISIBILITY.dividedBy(2));
    extender.add(held, VISIBILITY);
    await().atMost(TIMEOUT).until(() -> calls.size() >= 3);
    assertThat(calls.stream().limit(3).map(List::size)).containsExactlyInAnyOrder(10, 10, 5);
    await()
        .atMost(TIMEOUT)
        .until(() -> held.stream().noneMatch(one -> one.age().compareTo(VISIBILITY) < 0));
    assertThat(held).noneMatch(Delivery::isExpired);
  }

  @Test
  void finishedDeliveriesAreNotExtended() {
    start(Duration.ofHours(1));
    List<Delivery> held = deliveries(2, VISIBILITY.dividedBy(2));
    extender.add(held, VISIBILITY);
    extender.remove(held.subList(0, 1));
    await().atMost(TIMEOUT).until(() -> !calls.isEmpty());
    assertThat(calls).allSatisfy(call -> assertThat(call).containsExactly(held.get(1)));
  }

  @Test
  void extensionsEndAfterTheMaximumHold() {
    start(Duration.ofMillis(1));
    List<Delivery> held = deliveries(1, Duration.ofSeconds(1));
    extender.add(held, VISIBILITY);
    await().atMost(TIMEOUT).until(() -> held.getFirst().isExpired());
    assertThat(calls).isEmpty();
  }

  @Test
  void unknownReceiptExpires() {
    start(Duration.ofHours(1));
    List<Delivery> held = deliveries(2, VISIBILITY.dividedBy(2));
    unknown = held.subList(0, 1);
    extender.add(held, VISIBILITY);
    await().atMost(TIMEOUT).until(() -> held.getFirst().isExpired());
    assertThat(held.get(1).isExpired()).isFalse();
  }

  @Test
  void failedCallsAreRepeated() {
    start(Duration.ofHours(1));
    answering = false;
    List<Delivery> held = deliveries(1, VISIBILITY.dividedBy(2));
    extender.add(held, VISIBILITY);
    await().atMost(TIMEOUT).until(() -> calls.size() >= 2);
    answering = true;
    await()
        .atMost(TIMEOUT)
        .until(() -> held.getFirst().remainingVisibility().compareTo(VISIBILITY.dividedBy(2)) > 0);
  }
}
