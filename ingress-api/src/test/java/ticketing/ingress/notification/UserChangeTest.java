package ticketing.ingress.notification;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import ticketing.ingress.IngressFixture;
import ticketing.userfeed.UserChange;
import ticketing.userfeed.UserChange.EventChanged;
import ticketing.userfeed.UserChange.EventChanged.Kind;
import ticketing.userfeed.UserChange.TicketAccepted;
import ticketing.userfeed.UserChanges;

class UserChangeTest {

  private static final IngressFixture INGRESS = IngressFixture.shared();
  private static final List<UserChange> RECEIVED = new CopyOnWriteArrayList<>();

  @BeforeAll
  static void subscribe() {
    INGRESS.context.getBean(UserChanges.class).subscribe(RECEIVED::add, () -> {});
  }

  private static void awaitChange(Kind kind, long eventId, List<String> users) {
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() ->
            assertThat(changes(eventId))
                .anySatisfy(change -> {
                  assertThat(change.kind()).isEqualTo(kind);
                  assertThat(change.users()).containsExactlyInAnyOrderElementsOf(users);
                }));
  }

  private static List<EventChanged> changes(long eventId) {
    return RECEIVED.stream()
        .filter(EventChanged.class::isInstance)
        .map(EventChanged.class::cast)
        .filter(change -> change.event().eventId() == eventId)
        .toList();
  }

  private static void put(long event, String body) {
    assertThat(INGRESS.send("PUT", "/api/v1/events/" + event, INGRESS.admin(), body).status())
        .isEqualTo(200);
  }

  @Test
  void acceptedCommandIsPublishedToItsUser() {
    long event = INGRESS.newEvent();
    String user = IngressFixture.newUser();
    UUID ticket = UUID.fromString(INGRESS.book(user, event, 1).json().path("ticketId").asString());
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () -> assertThat(RECEIVED).contains(new TicketAccepted(ticket, List.of(user))));
  }

  @Test
  void cancelledEventIsPublishedToActiveUsers() {
    long event = INGRESS.newEvent();
    INGRESS.reserve("holder", event, "HELD", Instant.now().plusSeconds(600));
    INGRESS.reserve("owner", event, "CONFIRMED", null);
    INGRESS.reserve("owner", event, "CONFIRMED", null);
    INGRESS.reserve("former", event, "CANCELLED", null);
    assertThat(INGRESS.delete("/api/v1/events/" + event, INGRESS.admin()).status()).isEqualTo(204);
    awaitChange(Kind.EVENT_CANCELLED, event, List.of("holder", "owner"));
  }

  @Test
  void onlyNewDateOrPlaceIsPublished() {
    long event = INGRESS.newEvent();
    INGRESS.reserve("owner", event, "CONFIRMED", null);
    String body = IngressFixture.event("");
    put(event, body.replace("\"Concert\"", "\"Recital\""));
    assertThat(changes(event)).isEmpty();
    for (String moved :
        List.of(
            body.replace("2030-12-24", "2030-12-25"),
            body.replace("\"Hall\"", "\"Park\""),
            body.replace("\"Seoul\"", "\"Busan\""))) {
      int known = changes(event).size();
      put(event, moved);
      await().atMost(Duration.ofSeconds(30)).until(() -> changes(event).size() > known);
    }
    awaitChange(Kind.EVENT_MOVED, event, List.of("owner"));
    assertThat(changes(event)).allMatch(change -> change.kind() == Kind.EVENT_MOVED);
  }

  @Test
  void usersOfLargeEventArePublishedInPages() {
    long event = INGRESS.newEvent();
    List<String> users =
        java.util.stream.IntStream.range(0, UserChange.MAX_USERS + 1)
            .mapToObj("page-user-%04d"::formatted)
            .toList();
    INGRESS
        .sql()
        .batchUpdate(
            """
            insert into reservations (ticket_id, event_id, user_id, quantity, seat_type,
              total_price, status, reserved_at)
            values (?, ?, ?, 1, 'VIP', 1, 'CONFIRMED', now())\
            """,
            users.stream()
                .map(user -> new Object[] {UUID.randomUUID().toString(), event, user})
                .toList());
    assertThat(INGRESS.delete("/api/v1/events/" + event, INGRESS.admin()).status()).isEqualTo(204);
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() ->
            assertThat(changes(event).stream().flatMap(change -> change.users().stream()))
                .containsExactlyInAnyOrderElementsOf(users));
    assertThat(changes(event)).hasSize(2);
  }
}
