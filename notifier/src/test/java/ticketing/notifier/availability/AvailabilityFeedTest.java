package ticketing.notifier.availability;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import ticketing.domain.Json;
import ticketing.local.servers.LocalServers;
import ticketing.notifier.IngressStub;
import ticketing.notifier.NotifierFixture;
import ticketing.notifier.SimulatedBackend;
import ticketing.notifier.WebSocketTestClient;
import tools.jackson.databind.JsonNode;

class AvailabilityFeedTest {

  private static IngressStub ingress;
  private static NotifierFixture notifier;
  private static SimulatedBackend box;

  @BeforeAll
  static void start() {
    String redis = LocalServers.shared().redisAddress();
    ingress = new IngressStub();
    notifier = NotifierFixture.start(redis, ingress.url(), "ticketing.notifier.sweep=300ms");
    box = new SimulatedBackend(redis);
  }

  @AfterAll
  static void stop() {
    notifier.close();
    box.close();
    ingress.close();
  }

  @AfterEach
  void leave() {
    notifier.leaveAll();
  }

  @Test
  void availabilityComesAtOnceAndWhenItChanges() throws InterruptedException {
    box.show(101, 900, 1);
    WebSocketTestClient client = notifier.watch("/ws/events/101");
    JsonNode first = client.next();
    assertThat(first.path("eventId").asLong()).isEqualTo(101);
    assertThat(first.path("availableSeats").asInt()).isEqualTo(900);
    assertThat(first.path("seatTypes").get(0).path("availableSeats").asInt()).isEqualTo(900);
    assertThat(first.propertyNames()).containsExactly("eventId", "availableSeats", "seatTypes");

    box.show(101, 899, 2);
    assertThat(client.next().path("availableSeats").asInt()).isEqualTo(899);
  }

  @Test
  void atMostTwoFramesASecondAndTheLastStateIsNotMissed() throws InterruptedException {
    box.show(102, 1000, 1);
    WebSocketTestClient client = notifier.watch("/ws/events/102");
    List<Long> times = new ArrayList<>();
    client.next();
    times.add(System.nanoTime());
    Thread seller =
        Thread.startVirtualThread(
            () -> {
              long end = System.nanoTime() + Duration.ofMillis(2_200).toNanos();
              int version = 2;
              while (System.nanoTime() < end) {
                box.show(102, Math.max(1, 1000 - version), version++);
              }
              box.show(102, 0, version);
            });
    int available;
    do {
      available = client.next().path("availableSeats").asInt();
      times.add(System.nanoTime());
    } while (available != 0);
    seller.join();
    long taken = times.getLast() - times.getFirst();
    assertThat(times.size() - 1)
        .as("frames after the first")
        .isBetween(2, 1 + (int) (taken / Duration.ofMillis(500).toNanos()));
  }

  @Test
  void olderCopyIsNotShown() throws InterruptedException {
    box.show(103, 10, 5);
    WebSocketTestClient client = notifier.watch("/ws/events/103");
    assertThat(client.next().path("availableSeats").asInt()).isEqualTo(10);
    box.show(103, 11, 4);
    box.show(103, 9, 6);
    assertThat(client.next().path("availableSeats").asInt()).isEqualTo(9);
  }

  @Test
  void eventThatIsNotOnTheBoardIsAskedFromIngressOnceForAllItsListeners()
      throws InterruptedException {
    String path = "/api/v1/events/104";
    ingress.answer(path, Json.INTERNAL.writeValueAsString(SimulatedBackend.event(104, 77, 3)));
    WebSocketTestClient first = notifier.watch("/ws/events/104");
    assertThat(first.next().path("availableSeats").asInt()).isEqualTo(77);
    box.show(104, 77, 3);
    List<WebSocketTestClient> more =
        Stream.generate(() -> notifier.watch("/ws/events/104")).limit(20).toList();
    for (WebSocketTestClient client : more) {
      assertThat(client.next().path("availableSeats").asInt()).isEqualTo(77);
      client.leave();
    }
    assertThat(ingress.asked()).filteredOn(asked -> asked.path().equals(path)).hasSizeLessThan(5);
  }

  @Test
  void changeThatWasOnlyEvictedIsFoundByTheSweep() throws InterruptedException {
    box.show(105, 50, 1);
    WebSocketTestClient client = notifier.watch("/ws/events/105");
    assertThat(client.next().path("availableSeats").asInt()).isEqualTo(50);
    ingress.answer(
        "/api/v1/events/105", Json.INTERNAL.writeValueAsString(SimulatedBackend.event(105, 60, 2)));
    box.events.evict(105, 2).join();
    assertThat(client.next().path("availableSeats").asInt()).isEqualTo(60);
  }

  @Test
  void unknownEventIsAnErrorFrame() throws InterruptedException {
    for (String name : List.of("999", "-1", "x")) {
      WebSocketTestClient client = notifier.watch("/ws/events/" + name);
      assertThat(client.nextError()).isEqualTo("EVENT_NOT_FOUND");
      assertThat(client.closeCode()).isEqualTo(1008);
    }
  }
}
