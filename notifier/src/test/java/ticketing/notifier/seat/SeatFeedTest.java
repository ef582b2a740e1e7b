package ticketing.notifier.seat;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import ticketing.domain.Json;
import ticketing.domain.seatmap.SeatsView;
import ticketing.local.servers.LocalServers;
import ticketing.notifier.IngressStub;
import ticketing.notifier.NotifierFixture;
import ticketing.notifier.SimulatedBackend;
import ticketing.notifier.WebSocketTestClient;
import tools.jackson.databind.JsonNode;

class SeatFeedTest {

  private static IngressStub ingress;
  private static NotifierFixture notifier;
  private static SimulatedBackend backend;

  @BeforeAll
  static void start() {
    String redis = LocalServers.shared().redisAddress();
    ingress = new IngressStub();
    notifier =
        NotifierFixture.start(
            redis, ingress.url(), "ticketing.notifier.seats.sweep-interval=300ms");
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

  private static SeatsView seats(
      long event, int revision, long version, String sectionA, String sectionB) {
    Map<String, String> sections = new LinkedHashMap<>();
    sections.put("A", sectionA);
    sections.put("B", sectionB);
    return new SeatsView(event, revision, version, sections);
  }

  private static void publish(SeatsView all, String... changed) {
    backend.publishSeats(
        new SeatsView.Change(all, changed.length == 0 ? all : all.only(List.of(changed))));
  }

  private static WebSocketTestClient connect(long event) {
    return notifier.connectAnonymously("/ws/events/" + event + "/seats");
  }

  private static JsonNode json(long event, int revision, String sections) {
    return Json.INTERNAL.readTree(
        "{\"eventId\":%d,\"revision\":%d,\"sections\":%s}".formatted(event, revision, sections));
  }

  @Test
  void sendsAllSectionsThenChangedOnes() throws InterruptedException {
    publish(seats(301, 1, 1, "AA==", "AA=="));
    WebSocketTestClient client = connect(301);
    assertThat(client.next()).isEqualTo(json(301, 1, "{\"A\":\"AA==\",\"B\":\"AA==\"}"));
    publish(seats(301, 1, 2, "AA==", "AQ=="), "B");
    assertThat(client.next()).isEqualTo(json(301, 1, "{\"B\":\"AQ==\"}"));
    assertThat(connect(301).next()).isEqualTo(json(301, 1, "{\"A\":\"AA==\",\"B\":\"AQ==\"}"));
  }

  @Test
  void sendsAllSectionsAfterNewMap() throws InterruptedException {
    publish(seats(302, 1, 1, "AA==", "AA=="));
    WebSocketTestClient client = connect(302);
    client.next();
    publish(seats(302, 2, 2, "AA==", "AA=="));
    assertThat(client.next()).isEqualTo(json(302, 2, "{\"A\":\"AA==\",\"B\":\"AA==\"}"));
    publish(seats(302, 1, 3, "AQ==", "AQ=="), "A");
    publish(seats(302, 2, 4, "Ag==", "AA=="), "A");
    assertThat(client.next()).isEqualTo(json(302, 2, "{\"A\":\"Ag==\"}"));
  }

  @Test
  void olderSectionIsIgnored() throws InterruptedException {
    publish(seats(303, 1, 5, "AA==", "AA=="));
    WebSocketTestClient client = connect(303);
    client.next();
    publish(seats(303, 1, 7, "Aw==", "AA=="), "A");
    assertThat(client.next().at("/sections/A").asString()).isEqualTo("Aw==");
    publish(seats(303, 1, 6, "AQ==", "AQ=="), "A");
    publish(seats(303, 1, 8, "Aw==", "Ag=="), "B");
    assertThat(client.next()).isEqualTo(json(303, 1, "{\"B\":\"Ag==\"}"));
  }

  @Test
  void sendsAtMostTwoFramesASecond() throws InterruptedException {
    publish(seats(304, 1, 1, "AA==", "AA=="));
    WebSocketTestClient client = connect(304);
    client.next();
    long start = System.nanoTime();
    Thread seller =
        Thread.startVirtualThread(() -> {
          long end = start + Duration.ofMillis(2_200).toNanos();
          int version = 2;
          while (System.nanoTime() < end) {
            publish(seats(304, 1, version++, version % 2 == 0 ? "AQ==" : "Ag==", "AA=="), "A");
          }
          publish(seats(304, 1, version, "Aw==", "AA=="), "A");
        });
    int frames = 0;
    JsonNode last;
    do {
      last = client.next();
      frames++;
    } while (!last.at("/sections/A").asString().equals("Aw=="));
    seller.join();
    long elapsed = System.nanoTime() - start;
    assertThat(frames).isBetween(2, 2 + (int) (elapsed / Duration.ofMillis(500).toNanos()));
  }

  @Test
  void uncachedSeatsAreReadAtIngress() throws InterruptedException {
    ingress.respond(
        "/api/v1/events/305/seats", json(305, 1, "{\"A\":\"AA==\",\"B\":\"AA==\"}").toString());
    WebSocketTestClient client = connect(305);
    assertThat(client.next()).isEqualTo(json(305, 1, "{\"A\":\"AA==\",\"B\":\"AA==\"}"));
    ingress.respond(
        "/api/v1/events/305/seats", json(305, 1, "{\"A\":\"AQ==\",\"B\":\"AA==\"}").toString());
    assertThat(client.next()).as("sweep").isEqualTo(json(305, 1, "{\"A\":\"AQ==\"}"));
    publish(seats(305, 1, 3, "Aw==", "AA=="), "A");
    assertThat(client.next()).isEqualTo(json(305, 1, "{\"A\":\"Aw==\"}"));
  }

  @Test
  void handshakeIsRefusedWithoutMap() {
    for (String event : List.of("306", "0", "-1", "x")) {
      HttpResponse<?> refused = notifier.refusedHandshake("/ws/events/" + event + "/seats", null);
      assertThat(refused.statusCode()).isEqualTo(404);
      assertThat(refused.body().toString()).contains("\"NO_SEAT_MAP\"");
    }
  }

  @Test
  void handshakeIsRefusedWhileTheMapIsUnknown() {
    ingress.failWith(503);
    try {
      HttpResponse<?> refused = notifier.refusedHandshake("/ws/events/307/seats", null);
      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(refused.headers().firstValue("Retry-After")).isPresent();
    } finally {
      ingress.failWith(0);
    }
  }

  @Test
  void clientFrameGetsErrorFrame() throws InterruptedException {
    publish(seats(308, 1, 1, "AA==", "AA=="));
    WebSocketTestClient client = connect(308);
    client.next();
    client.send("{}");
    assertThat(client.nextError()).isEqualTo("BAD_FRAME");
  }
}
