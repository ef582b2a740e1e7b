package ticketing.notifier.ticket;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import ticketing.domain.Json;
import ticketing.local.servers.LocalServers;
import ticketing.notifier.IngressStub;
import ticketing.notifier.NotifierFixture;
import ticketing.notifier.SimulatedBackend;
import ticketing.notifier.WebSocketTestClient;
import ticketing.status.StatusEntry;

/// What clients notice when Redis, ingress or this process goes away. Redis keeps nothing over a
/// restart here.
class OutageTest {

  private static final String BUYER = NotifierFixture.token(SimulatedBackend.BUYER);
  private static final LocalServers SERVERS = LocalServers.shared();

  private IngressStub ingress;
  private NotifierFixture notifier;
  private SimulatedBackend box;

  @BeforeEach
  void start() {
    ingress = new IngressStub();
    box = new SimulatedBackend(SERVERS.redisAddress());
  }

  private void startNotifier(String sweep) {
    notifier =
        NotifierFixture.start(
            SERVERS.redisAddress(),
            ingress.url(),
            "ticketing.notifier.sweep=" + sweep,
            "ticketing.redis.timeout=500ms");
  }

  @AfterEach
  void stop() {
    SERVERS.redis().start();
    notifier.close();
    box.close();
    ingress.close();
  }

  @Test
  void decisionMadeWhileRedisWasDownIsPushed() throws InterruptedException {
    startNotifier("300ms");
    StatusEntry entry = box.accept(1);
    UUID id = entry.ticket().ticketId();
    WebSocketTestClient one = notifier.connect("/ws/tickets/" + id, BUYER);
    WebSocketTestClient many = notifier.connect("/ws/tickets", BUYER).subscribe(id);
    assertThat(one.nextStatus()).isEqualTo("PENDING");
    assertThat(many.nextStatus()).isEqualTo("PENDING");

    SERVERS.redis().stop();
    ingress.answer(
        "/api/v1/tickets/" + id,
        Json.INTERNAL.writeValueAsString(SimulatedBackend.confirmed(entry).ticket()));
    assertThat(one.nextFinal().path("status").asString()).isEqualTo("CONFIRMED");
    assertThat(one.closeCode()).isEqualTo(1000);
    assertThat(many.nextFinal().path("status").asString()).isEqualTo("CONFIRMED");
  }

  @Test
  void pushesResumeWhenRedisReturns() throws InterruptedException {
    startNotifier("5m");
    StatusEntry before = box.accept(1);
    WebSocketTestClient client = notifier.connect("/ws/tickets", BUYER);
    client.subscribe(before.ticket().ticketId());
    assertThat(client.nextStatus()).isEqualTo("PENDING");

    SERVERS.redis().stop();
    SERVERS.redis().start();
    box.awaitRedis();
    // Redis has forgotten the ticket, but the worker still decides it; no sweep helps in this test.
    box.confirm(before);
    assertThat(client.nextFinal().path("ticketId").asString())
        .isEqualTo(before.ticket().ticketId().toString());
    StatusEntry after = box.accept(1);
    client.subscribe(after.ticket().ticketId());
    box.confirm(after);
    assertThat(client.nextFinal().path("ticketId").asString())
        .isEqualTo(after.ticket().ticketId().toString());
  }

  @Test
  void subscriptionMadeWhileNobodyCanAnswerIsServedLater() throws InterruptedException {
    startNotifier("300ms");
    SERVERS.redis().stop();
    ingress.fail(503);
    StatusEntry entry = box.pending(1);
    WebSocketTestClient client =
        notifier.connect("/ws/tickets/" + entry.ticket().ticketId(), BUYER);
    SERVERS.redis().start();
    box.awaitRedis();
    box.tickets.storePending(entry).join();
    assertThat(client.nextStatus()).isEqualTo("PENDING");
    box.confirm(entry);
    assertThat(client.nextFinal().path("status").asString()).isEqualTo("CONFIRMED");
  }

  @Test
  void startsWithoutRedisAndListensLater() throws InterruptedException {
    SERVERS.redis().stop();
    startNotifier("5m");
    SERVERS.redis().start();
    box.awaitRedis();
    StatusEntry entry = box.accept(1);
    WebSocketTestClient client =
        notifier.connect("/ws/tickets/" + entry.ticket().ticketId(), BUYER);
    assertThat(client.nextStatus()).isEqualTo("PENDING");
    box.confirm(entry);
    assertThat(client.nextFinal().path("status").asString()).isEqualTo("CONFIRMED");
  }

  @Test
  void shutdownTellsClientsToGoElsewhere() throws InterruptedException {
    startNotifier("5m");
    WebSocketTestClient client = notifier.connect("/ws/tickets/" + box.accepted(), BUYER);
    assertThat(client.nextStatus()).isEqualTo("PENDING");
    notifier.close();
    assertThat(client.closeCode()).isEqualTo(1001);
  }
}
