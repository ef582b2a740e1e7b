package ticketing.ingress.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import ticketing.domain.Command;
import ticketing.domain.TicketStatus;
import ticketing.ingress.IngressFixture;
import tools.jackson.databind.JsonNode;

/// Reads from a replica that never receives a change.
class ReplicaTest {

  private static final AtomicInteger LAST = new AtomicInteger();

  private final IngressFixture primary = IngressFixture.shared();
  private final IngressFixture lagging = IngressFixture.strict();

  private IngressFixture.Answer get(String path, String token) {
    String address = "10.8.0." + LAST.incrementAndGet();
    return lagging.get(path, token, "X-Forwarded-For", address);
  }

  @Test
  void listOfEventsIsReadFromReplica() {
    primary.newEvent();
    await().until(() -> list().isEmpty());
    assertThat(primary.get("/api/v1/events", null).json().get("content")).isNotEmpty();
  }

  private JsonNode list() {
    IngressFixture.Answer answer = get("/api/v1/events", null);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return answer.json().get("content");
  }

  @Test
  void deadReplicaLeavesTheListToThePrimary() {
    primary.newEvent();
    await().until(() -> list().isEmpty());
    IngressFixture.replica.stop();
    try {
      // At once, so that some meet connections that have just died, and all wait at the same time.
      List<JsonNode> lists =
          IntStream.range(0, 24)
              .mapToObj(i -> CompletableFuture.supplyAsync(this::list, Thread::startVirtualThread))
              .toList()
              .stream()
              .map(CompletableFuture::join)
              .toList();
      assertThat(lists).noneMatch(JsonNode::isEmpty);
      assertThat(list()).isNotEmpty();
    } finally {
      IngressFixture.replica.start();
    }
    await().until(() -> list().isEmpty());
  }

  @Test
  void userReadsOwnChangesFromPrimary() {
    long event = primary.newEvent();
    String user = IngressFixture.newUser();
    String token = lagging.token(user);
    assertThat(get("/api/v1/events/" + event, null).status()).isEqualTo(200);
    IngressFixture.Answer booked = lagging.book(user, event, 2, "X-Forwarded-For", "10.8.1.1");
    assertThat(booked.status()).isEqualTo(202);
    String ticket = booked.json().get("ticketId").asString();
    Command command =
        primary.drain().stream()
            .filter(one -> one.ticketId().toString().equals(ticket))
            .findFirst()
            .orElseThrow();
    long reservation = primary.reserve(user, event, "CONFIRMED", null);
    primary.decide(command, TicketStatus.CONFIRMED, null, reservation);
    assertThat(get("/api/v1/tickets/" + ticket, token).json().get("status").asString())
        .isEqualTo("CONFIRMED");
    assertThat(get("/api/v1/reservations/" + reservation, token).status()).isEqualTo(200);
    assertThat(
            get("/api/v1/users/me/reservations", token)
                .json()
                .get("page")
                .get("totalElements")
                .longValue())
        .isOne();
  }

  @Test
  void onlyReadOnlyTransactionsGoThere() {
    PlatformTransactionManager transactions =
        lagging.context.getBean(PlatformTransactionManager.class);
    TransactionTemplate reading = new TransactionTemplate(transactions);
    reading.setReadOnly(true);
    String schema = "select database()";
    String there = reading.execute(tx -> lagging.sql().queryForObject(schema, String.class));
    String here =
        new TransactionTemplate(transactions)
            .execute(tx -> lagging.sql().queryForObject(schema, String.class));
    assertThat(lagging.databaseUrl).contains(here);
    assertThat(there).isNotEqualTo(here);
  }
}
