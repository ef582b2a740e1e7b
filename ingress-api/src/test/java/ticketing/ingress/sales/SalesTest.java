package ticketing.ingress.sales;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.http.HttpMethod;
import org.springframework.mock.web.MockHttpServletResponse;
import ticketing.domain.Reason;
import ticketing.domain.TicketStatus;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.audit.AuditLog;
import ticketing.ingress.database.ReplicaReader;
import ticketing.ingress.event.EventCatalog;
import ticketing.security.AccessTokenIssuer;
import ticketing.security.Role;
import tools.jackson.databind.JsonNode;

/// Sales of an event: figures, course, search, export, and who may read them.
class SalesTest {

  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final IngressFixture ingress = IngressFixture.shared();
  private final String user = IngressFixture.newUser();
  private final String staff =
      ingress.context.getBean(AccessTokenIssuer.class).issue("staff", Role.STAFF);
  private final long event = ingress.newEvent();
  private final String path = "/api/v1/operations/events/" + event;

  private long reserve(String status, Instant reservedAt) {
    long id = ingress.reserve(user, event, status, null);
    ingress
        .sql()
        .update(
            "update reservations set reserved_at = ? where id = ?", Timestamp.from(reservedAt), id);
    return id;
  }

  @Test
  void figuresFollowFromReservationsAndDecisions() {
    Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    reserve("CONFIRMED", now.minusSeconds(300));
    reserve("CONFIRMED", now.minusSeconds(200));
    reserve("HELD", now.minusSeconds(100));
    long cancelled = reserve("CANCELLED", now.minusSeconds(250));
    ingress
        .sql()
        .update(
            "update reservations set cancelled_at = ? where id = ?",
            Timestamp.from(now.minusSeconds(150)),
            cancelled);
    ingress.setAvailableSeats(event, 94);
    ingress.decide(
        ingress.booked(user, event, 1), TicketStatus.REJECTED, Reason.LIMIT_EXCEEDED, null);
    JsonNode sales = ingress.get(path + "/sales", staff).json();
    assertThat(sales.get("revenue").asString()).isEqualTo("600000.00");
    JsonNode vip = sales.at("/seatTypes/0");
    assertThat(vip.get("soldSeats").longValue()).isEqualTo(4);
    assertThat(vip.get("heldSeats").longValue()).isEqualTo(2);
    assertThat(vip.get("revenue").asString()).isEqualTo("600000.00");
    assertThat(sales.at("/seatTypes/1/soldSeats").longValue()).isZero();
    assertThat(sales.at("/rejections/LIMIT_EXCEEDED").longValue()).isEqualTo(1);
    // One point for each second with a change: 2, 4, 6, 4 and 6 seats.
    assertThat(sales.get("curve").valueStream().map(point -> point.get("seats").longValue()))
        .containsExactly(0L, 2L, 4L, 6L, 4L, 6L);
    assertThat(Instant.parse(sales.at("/curve/0/at").asString())).isEqualTo(now.minusSeconds(300));
    // Six seats in ten minutes.
    assertThat(Instant.parse(sales.get("soldOutAt").asString()))
        .isAfter(now.plusSeconds(94 * 90))
        .isBefore(now.plusSeconds(94 * 110 + 600));
  }

  @Test
  void eventWithoutSalesHasEmptyFigures() {
    JsonNode sales = ingress.get(path + "/sales", ingress.admin()).json();
    assertThat(sales.get("revenue").asString()).isEqualTo("0.00");
    assertThat(sales.get("curve")).isEmpty();
    assertThat(sales.get("soldOutAt").isNull()).isTrue();
  }

  @Test
  void searchFindsBuyersReservationsAndSeats() {
    ingress
        .sql()
        .update(
            "insert into users (id, email, password_hash, name, role, created_at)"
                + " values (?, ?, '-', 'Lee_100%', 'BUYER', now())",
            user, user + "@example.org");
    long id = ingress.reserve(user, event, "CONFIRMED", null);
    ingress.sql().update("update reservations set seats = 'A-1,A-2' where id = ?", id);
    ingress.reserve(IngressFixture.newUser(), event, "CANCELLED", null);
    ingress.reserve(user, ingress.newEvent(), "CONFIRMED", null);
    for (String text : List.of(String.valueOf(id), user, user + "@exam", "Lee_", "A-2")) {
      JsonNode page = ingress.get(path + "/reservations?q=" + text, staff).json();
      assertThat(page.get("content")).as(text).hasSize(1);
      assertThat(page.at("/content/0/reservationId").longValue()).isEqualTo(id);
      assertThat(page.at("/content/0/name").asString()).isEqualTo("Lee_100%");
    }
    assertThat(ids("?q=%25")).isEmpty();
    assertThat(ids("?q=A-")).isEmpty();
    assertThat(ids("?status=CANCELLED")).hasSize(1).doesNotContain(id);
    assertThat(ids("?size=1&page=1")).containsExactly(id);
    assertThat(
            ingress.get(path + "/reservations", staff).json().at("/page/totalElements").intValue())
        .isEqualTo(2);
  }

  private List<Long> ids(String query) {
    return ingress
        .get(path + "/reservations" + query, staff)
        .json()
        .get("content")
        .valueStream()
        .map(row -> row.get("reservationId").longValue())
        .toList();
  }

  @Test
  void exportEscapesCells() {
    ingress
        .sql()
        .update(
            "insert into users (id, email, password_hash, name, role, created_at)"
                + " values (?, ?, '-', ?, 'BUYER', now())",
            user,
            user + "@example.org",
            "=1+\"1\",김");
    long first = ingress.reserve(user, event, "CONFIRMED", null);
    long second = ingress.reserve(user, event, "CANCELLED", null);
    IngressFixture.Answer answer = ingress.get(path + "/reservations.csv", staff);
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("Content-Disposition")).contains("event-" + event);
    String[] lines = answer.body().split("\r\n");
    assertThat(lines).hasSize(3);
    assertThat(lines[0]).startsWith("\uFEFFreservationId,userId,name");
    assertThat(lines[1])
        .startsWith(
            first + "," + user + ",\"'=1+\"\"1\"\",김\"," + user + "@example.org,VIP,2,,300000.00,");
    assertThat(lines[2]).startsWith(second + ",").contains(",CANCELLED,");
  }

  private void reserve(int times) {
    IntStream.range(0, times).forEach(_ -> ingress.reserve(user, event, "CONFIRMED", null));
  }

  @Test
  void exportReadsAllChunksAndIsAudited() {
    reserve(5);
    assertThat(ingress.get(path + "/reservations.csv", staff).body().split("\r\n")).hasSize(6);
    JsonNode audit =
        ingress
            .get(
                "/api/v1/operations/audit?object=operations/events/%d/reservations.csv"
                    .formatted(event),
                staff)
            .json();
    assertThat(audit.get("content")).hasSize(1);
    assertThat(audit.at("/content/0/action").asString()).isEqualTo("RESERVATIONS_EXPORTED");
    assertThat(audit.at("/content/0/actor").asString()).isEqualTo("staff");
    assertThat(audit.at("/content/0/newValue").asString()).contains("5");
  }

  @Test
  void exportOverTheMaximumIsRefused() {
    reserve(6);
    assertThat(ingress.get(path + "/reservations.csv", staff).code()).isEqualTo("EXPORT_TOO_LARGE");
    assertThat(ingress.send("HEAD", path + "/reservations.csv", staff, null).status())
        .as("HEAD runs no export")
        .isEqualTo(200);
  }

  @Test
  void brokenExportHasNoCompleteAnswer() {
    reserve(2);
    long broken = ingress.reserve(user, event, "CONFIRMED", null);
    ingress.sql().update("update reservations set status = 'BROKEN' where id = ?", broken);
    assertThatThrownBy(() -> ingress.get(path + "/reservations.csv", staff))
        .hasRootCauseInstanceOf(IOException.class);
  }

  /// Controller with chunks of two rows that runs an action ahead of each read of a chunk.
  private SalesController controller(Runnable aheadOfRead) {
    SalesRepository repository = ingress.context.getBean(SalesRepository.class);
    SalesRepository observed =
        (SalesRepository)
            Proxy.newProxyInstance(
                SalesRepository.class.getClassLoader(),
                new Class<?>[] {SalesRepository.class},
                (_, method, arguments) -> {
                  if (method.getName().equals("listAfter")) {
                    aheadOfRead.run();
                  }
                  return method.invoke(repository, arguments);
                });
    SalesSettings settings = new SalesSettings(Duration.ofSeconds(5), 120, 50_000, 100, 2, 2);
    EventCatalog catalog = ingress.context.getBean(EventCatalog.class);
    SalesReader reader =
        new SalesReader(
            catalog,
            observed,
            ingress.context.getBean(ReplicaReader.class),
            settings,
            Clock.systemUTC());
    return new SalesController(reader, catalog, ingress.context.getBean(AuditLog.class), settings);
  }

  @Test
  void failedFirstReadLeavesTheResponse() {
    reserve(3);
    SalesController controller =
        controller(() -> {
          throw new DataAccessResourceFailureException("down");
        });
    MockHttpServletResponse response = new MockHttpServletResponse();
    assertThatThrownBy(() -> controller.export(event, HttpMethod.GET, response))
        .isInstanceOf(DataAccessResourceFailureException.class);
    assertThat(response.getContentType()).isNull();
    assertThat(response.getHeaderNames()).isEmpty();
  }

  @Test
  void exportEndsWithItsConnection() throws Exception {
    reserve(5);
    AtomicInteger reads = new AtomicInteger();
    MockHttpServletResponse response =
        new MockHttpServletResponse() {
          @Override
          public PrintWriter getWriter() {
            return new PrintWriter(Writer.nullWriter()) {
              @Override
              public boolean checkError() {
                return true;
              }
            };
          }
        };
    controller(reads::incrementAndGet).export(event, HttpMethod.GET, response);
    assertThat(reads).hasValue(1);
  }

  @Test
  void thirdConcurrentExportIsRefused() throws Exception {
    reserve(1);
    List<CompletableFuture<IngressFixture.Answer>> exports;
    try (Connection blocker = ingress.sql().getDataSource().getConnection();
        Statement statement = blocker.createStatement()) {
      statement.execute("lock tables audit_log write"); // exports block on their entry
      try {
        exports =
            Stream.generate(() ->
                    CompletableFuture.supplyAsync(
                        () -> ingress.get(path + "/reservations.csv", staff)))
                .limit(3)
                .toList();
        await().atMost(LIMIT).until(() -> exports.stream().anyMatch(CompletableFuture::isDone));
      } finally {
        statement.execute("unlock tables");
      }
    }
    List<IngressFixture.Answer> answers = exports.stream().map(CompletableFuture::join).toList();
    assertThat(answers)
        .extracting(IngressFixture.Answer::status)
        .containsExactlyInAnyOrder(200, 200, 503);
    assertThat(answers)
        .filteredOn(answer -> answer.status() == 503)
        .allMatch(answer -> answer.code().equals("OVERLOADED"));
  }

  @Test
  void salesRequireStaffAndKnownEvent() {
    for (String resource : List.of("/sales", "/reservations", "/reservations.csv")) {
      assertThat(ingress.get(path + resource, ingress.token(user)).code()).isEqualTo("FORBIDDEN");
      assertThat(ingress.get(path + resource, null).status()).isEqualTo(401);
      assertThat(ingress.get("/api/v1/operations/events/999999999" + resource, staff).code())
          .isEqualTo("EVENT_NOT_FOUND");
    }
  }

  @Test
  void auditLogContainsReasonOfCancellation() {
    long id = ingress.reserve(user, event, "CONFIRMED", null);
    assertThat(
            ingress
                .delete(
                    "/api/v1/reservations/" + id + "?reason=Duplicate%20payment", ingress.admin())
                .status())
        .isEqualTo(202);
    JsonNode audit =
        ingress.get("/api/v1/operations/audit?object=reservations/" + id, staff).json();
    assertThat(audit.at("/content/0/newValue").asString()).contains("Duplicate payment");
  }
}
