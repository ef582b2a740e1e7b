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

/// Behaviour while Redis, ingress-api or this process is down. The Redis server of the test loses
/// its content at a restart.
class OutageTest {

  private static final String BUYER = NotifierFixture.token(SimulatedBackend.BUYER);
  private static final LocalServers SERVERS = LocalServers.shared();

  private IngressStub ingress;
  private NotifierFixture notifier;
  private SimulatedBackend backend;

  @BeforeEach
  void start() {
    ingress = new IngressStub();
    backend = new SimulatedBackend(SERVERS.redisAddress());
  }

  private void startNotifier(String sweepInterval) {
    notifier =
        NotifierFixture.start(
            SERVERS.redisAddress(),
            ingress.url(),
            "ticketing.notifier.ticket.sweep-interval=" + sweepInterval,
            "ticketing.redis.timeout=500ms");
  }

  @AfterEach
  void stop() {
    SERVERS.redis().start();
    notifier.close();
    backend.close();
    ingress.close();
  }

  @Test
  void decisionDuringRedisOutageIsPushed() throws InterruptedException {
    startNotifier("300ms");
    StatusEntry entry = backend.accept(1);
    UUID id = entry.ticket().ticketId();
    WebSocketTestClient one = notifier.connect("/ws/tickets/" + id, BUYER);
    WebSocketTestClient many = notifier.connect("/ws/tickets", BUYER).subscribe(id);
    assertThat(one.nextStatus()).isEqualTo("PENDING");
    assertThat(many.nextStatus()).isEqualTo("PENDING");

    SERVERS.redis().stop();
    ingress.respond(
        "/api/v1/tickets/" + id,
        Json.INTERNAL.writeValueAsString(SimulatedBackend.confirmed(entry).ticket()));
    assertThat(one.nextFinal().path("status").asString()).isEqualTo("CONFIRMED");
    assertThat(one.closeCode()).isEqualTo(1000);
    assertThat(many.nextFinal().path("status").asString()).isEqualTo("CONFIRMED");
  }

  @Test
  void pushesResumeWhenRedisReturns() throws InterruptedException {
    startNotifier("5m");
    StatusEntry before = backend.accept(1);
    WebSocketTestClient client = notifier.connect("/ws/tickets", BUYER);
    client.subscribe(before.ticket().ticketId());
    assertThat(client.nextStatus()).isEqualTo("PENDING");

    SERVERS.redis().stop();
    SERVERS.redis().start();
    backend.awaitRedis();
    // Redis has lost the ticket, but the worker still decides it. No sweep runs in this test.
    backend.confirm(before);
    assertThat(client.nextFinal().path("ticketId").asString())
        .isEqualTo(before.ticket().ticketId().toString());
    StatusEntry after = backend.accept(1);
    client.subscribe(after.ticket().ticketId());
    backend.confirm(after);
    assertThat(client.nextFinal().path("ticketId").asString())
        .isEqualTo(after.ticket().ticketId().toString());
  }

  @Test
  void subscriptionDuringTotalOutageIsServedLater() throws InterruptedException {
    startNotifier("300ms");
    SERVERS.redis().stop();
    ingress.failWith(503);
    StatusEntry entry = backend.pending(1);
    WebSocketTestClient client =
        notifier.connect("/ws/tickets/" + entry.ticket().ticketId(), BUYER);
    SERVERS.redis().start();
    backend.awaitRedis();
    backend.statusStore.storePending(entry).join();
    assertThat(client.nextStatus()).isEqualTo("PENDING");
    backend.confirm(entry);
    assertThat(client.nextFinal().path("status").asString()).isEqualTo("CONFIRMED");
  }

  @Test
  void startsWithoutRedisAndSubscribesLater() throws InterruptedException {
    SERVERS.redis().stop();
    startNotifier("5m");
    SERVERS.redis().start();
    backend.awaitRedis();
    StatusEntry entry = backend.accept(1);
    WebSocketTestClient client =
        notifier.connect("/ws/tickets/" + entry.ticket().ticketId(), BUYER);
    assertThat(client.nextStatus()).isEqualTo("PENDING");
    backend.confirm(entry);
    assertThat(client.nextFinal().path("status").asString()).isEqualTo("CONFIRMED");
  }

  @Test
  void shutdownClosesConnectionsWith1001() throws InterruptedException {
    startNotifier("5m");
    WebSocketTestClient client = notifier.connect("/ws/tickets/" + backend.acceptTicket(), BUYER);
    assertThat(client.nextStatus()).isEqualTo("PENDING");
    notifier.close();
    assertThat(client.closeCode()).isEqualTo(1001);
  }
}
