package ticketing.notifier.availability;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
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
  private static SimulatedBackend backend;

  @BeforeAll
  static void start() {
    String redis = LocalServers.shared().redisAddress();
    ingress = new IngressStub();
    notifier =
        NotifierFixture.start(
            redis, ingress.url(), "ticketing.notifier.availability.sweep-interval=300ms");
    backend = new SimulatedBackend(redis);
  }

  @AfterAll
  static void stop() {
    notifier.close();
    backend.close();
    ingress.close();
  }

  @AfterEach
  void disconnect() {
    notifier.disconnectAll();
  }

  @Test
  void sendsAvailabilityImmediatelyAndAfterEachChange() throws InterruptedException {
    backend.cacheEvent(101, 900, 1);
    WebSocketTestClient client = notifier.connectAnonymously("/ws/events/101");
    JsonNode first = client.next();
    assertThat(first.path("eventId").asLong()).isEqualTo(101);
    assertThat(first.path("availableSeats").asInt()).isEqualTo(900);
    assertThat(first.path("seatTypes").get(0).path("availableSeats").asInt()).isEqualTo(900);
    assertThat(first.propertyNames()).containsExactly("eventId", "availableSeats", "seatTypes");

    backend.cacheEvent(101, 899, 2);
    assertThat(client.next().path("availableSeats").asInt()).isEqualTo(899);
  }

  @Test
  void sendsTwoFramesASecondAndTheLast() throws InterruptedException {
    backend.cacheEvent(102, 1000, 1);
    WebSocketTestClient client = notifier.connectAnonymously("/ws/events/102");
    List<Long> times = new ArrayList<>();
    client.next();
    times.add(System.nanoTime());
    Thread seller =
        Thread.startVirtualThread(() -> {
          long end = System.nanoTime() + Duration.ofMillis(2_200).toNanos();
          int version = 2;
          while (System.nanoTime() < end) {
            backend.cacheEvent(102, Math.max(1, 1000 - version), version++);
          }
          backend.cacheEvent(102, 0, version);
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
  void olderVersionIsIgnored() throws InterruptedException {
    backend.cacheEvent(103, 10, 5);
    WebSocketTestClient client = notifier.connectAnonymously("/ws/events/103");
    assertThat(client.next().path("availableSeats").asInt()).isEqualTo(10);
    backend.cacheEvent(103, 11, 4);
    backend.cacheEvent(103, 9, 6);
    assertThat(client.next().path("availableSeats").asInt()).isEqualTo(9);
  }

  @Test
  void uncachedEventIsReadOnceForAllWatchers() throws InterruptedException {
    String path = "/api/v1/events/104";
    ingress.respond(path, Json.INTERNAL.writeValueAsString(SimulatedBackend.event(104, 77, 3)));
    WebSocketTestClient first = notifier.connectAnonymously("/ws/events/104");
    assertThat(first.next().path("availableSeats").asInt()).isEqualTo(77);
    backend.cacheEvent(104, 77, 3);
    List<WebSocketTestClient> more =
        Stream.generate(() -> notifier.connectAnonymously("/ws/events/104")).limit(20).toList();
    for (WebSocketTestClient client : more) {
      assertThat(client.next().path("availableSeats").asInt()).isEqualTo(77);
      client.abort();
    }
    assertThat(ingress.requests())
        .filteredOn(request -> request.path().equals(path))
        .hasSizeLessThan(5);
  }

  @Test
  void sweepFindsEditOfEvictedEvent() throws InterruptedException {
    backend.cacheEvent(105, 50, 1);
    WebSocketTestClient client = notifier.connectAnonymously("/ws/events/105");
    assertThat(client.next().path("availableSeats").asInt()).isEqualTo(50);
    ingress.respond(
        "/api/v1/events/105", Json.INTERNAL.writeValueAsString(SimulatedBackend.event(105, 60, 2)));
    backend.eventCache.evict(105, 2).join();
    assertThat(client.next().path("availableSeats").asInt()).isEqualTo(60);
  }

  @Test
  void unknownEventGetsErrorFrameAndClose() throws InterruptedException {
    for (String name : List.of("999", "-1", "x")) {
      WebSocketTestClient client = notifier.connectAnonymously("/ws/events/" + name);
      assertThat(client.nextError()).isEqualTo("EVENT_NOT_FOUND");
      assertThat(client.closeCode()).isEqualTo(1008);
    }
  }

  @Test
  void oneConnectionFollowsManyEvents() throws InterruptedException {
    backend.cacheEvent(151, 10, 1);
    backend.cacheEvent(152, 20, 1);
    WebSocketTestClient client = notifier.connectAnonymously("/ws/events");
    client.send("{\"action\":\"subscribe\",\"eventIds\":[151,152]}");
    assertThat(List.of(seats(client.next()), seats(client.next())))
        .containsExactlyInAnyOrder("151:10", "152:20");
    backend.cacheEvent(152, 19, 2);
    assertThat(seats(client.next())).isEqualTo("152:19");

    client.send("{\"action\":\"unsubscribe\",\"eventIds\":[152]}");
    client.send("{\"action\":\"subscribe\",\"eventIds\":[151]}");
    // A repeated subscription sends the unchanged state, so that clients detect a dead connection.
    assertThat(seats(client.next())).isEqualTo("151:10");
    backend.cacheEvent(152, 18, 3);
    backend.cacheEvent(151, 9, 2);
    assertThat(seats(client.next())).isEqualTo("151:9");
  }

  private static String seats(JsonNode frame) {
    return frame.path("eventId").asLong() + ":" + frame.path("availableSeats").asInt();
  }

  @Test
  void subscriptionsOfOneConnectionAreLimited() throws InterruptedException {
    WebSocketTestClient client = notifier.connectAnonymously("/ws/events");
    client.send("{\"action\":\"subscribe\",\"ticketIds\":[]}");
    assertThat(client.next().at("/error/code").asString()).isEqualTo("BAD_FRAME");
    String tooMany =
        LongStream.rangeClosed(1, 101).mapToObj(String::valueOf).collect(Collectors.joining(","));
    client.send("{\"action\":\"subscribe\",\"eventIds\":[" + tooMany + "]}");
    assertThat(client.next().at("/error/code").asString()).isEqualTo("TOO_MANY_SUBSCRIPTIONS");
  }

  @Test
  void unknownEventGetsErrorWithItsId() throws InterruptedException {
    WebSocketTestClient client = notifier.connectAnonymously("/ws/events");
    client.send("{\"action\":\"subscribe\",\"eventIds\":[999777]}");
    JsonNode error = client.next().path("error");
    assertThat(error.path("code").asString()).isEqualTo("EVENT_NOT_FOUND");
    assertThat(error.path("eventId").asLong()).isEqualTo(999_777);
  }
}
