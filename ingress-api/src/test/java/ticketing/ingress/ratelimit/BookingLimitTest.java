package ticketing.ingress.ratelimit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.redisson.client.codec.ByteArrayCodec;
import org.redisson.client.codec.StringCodec;
import ticketing.domain.Command;
import ticketing.domain.Reason;
import ticketing.domain.TicketStatus;
import ticketing.ingress.IngressFixture;
import ticketing.redis.RedisGateway;

/// Rate of the bookings of one user, and the undecided bookings of one user and event.
class BookingLimitTest {

  private static final String PATH = "/api/v1/reservations";

  private static IngressFixture limitedRate;
  private static IngressFixture limitedCount;

  @BeforeAll
  static void start() {
    limitedRate =
        IngressFixture.shared()
            .sibling(
                Map.of(
                    "ticketing.rates.booking.per-second", "1",
                    "ticketing.rates.booking.burst", "10"));
    limitedCount =
        IngressFixture.shared().sibling(Map.of("ticketing.rates.max-undecided-bookings", "10"));
  }

  @AfterAll
  static void stop() {
    limitedRate.close();
    limitedCount.close();
  }

  private static IngressFixture.Answer book(
      IngressFixture ingress, String user, long event, String... headers) {
    return ingress.post(PATH, ingress.token(user), IngressFixture.booking(event, 1), headers);
  }

  private static void assertRateLimited(IngressFixture.Answer answer) {
    assertThat(answer.status()).isEqualTo(429);
    assertThat(answer.code()).isEqualTo("RATE_LIMITED");
    assertThat(Integer.parseInt(answer.header("Retry-After"))).isPositive();
  }

  @Test
  void bookingsOfAUserAreLimited() {
    String user = IngressFixture.newUser();
    long event = limitedRate.newEvent();
    List<Integer> answers = new ArrayList<>();
    // The bucket gains a token every second.
    while (answers.size() < 60 && !answers.contains(429)) {
      answers.add(book(limitedRate, user, event).status());
    }
    assertThat(answers).hasSizeGreaterThan(10).endsWith(429);
    assertThat(answers.subList(0, answers.size() - 1)).containsOnly(202);
    assertThat(book(limitedRate, IngressFixture.newUser(), event).status()).isEqualTo(202);
  }

  @Test
  void repeatedBookingIsNotLimited() {
    String user = IngressFixture.newUser();
    long event = limitedRate.newEvent();
    String key = UUID.randomUUID().toString();
    assertThat(
            IntStream.range(0, 40)
                .parallel()
                .mapToObj(i -> book(limitedRate, user, event, "Idempotency-Key", key))
                .map(answer -> answer.status() + answer.json().path("ticketId").asString("")))
        .as("status and ticket")
        .allMatch(answer -> answer.startsWith("202"))
        .containsOnly(
            "202"
                + book(limitedRate, user, event, "Idempotency-Key", key)
                    .json()
                    .path("ticketId")
                    .asString(""));
  }

  @Test
  void concurrentUndecidedBookingsAreLimitedExactly() {
    String user = IngressFixture.newUser();
    long event = limitedCount.newEvent();
    List<Integer> answers =
        IntStream.range(0, 40)
            .parallel()
            .mapToObj(i -> book(limitedCount, user, event).status())
            .toList();
    assertThat(Collections.frequency(answers, 202)).isEqualTo(10);
    assertThat(Collections.frequency(answers, 429)).isEqualTo(30);
    assertThat(book(limitedCount, user, limitedCount.newEvent()).status()).isEqualTo(202);
    assertThat(book(limitedCount, IngressFixture.newUser(), event).status()).isEqualTo(202);
  }

  @Test
  void undecidedJoinsCountAsBookings() {
    String token = limitedCount.token(IngressFixture.newUser());
    long event =
        limitedCount
            .post(
                "/api/v1/events",
                limitedCount.admin(),
                IngressFixture.event(",\"waitingList\":true,\"offerMinutes\":15"))
            .json()
            .get("eventId")
            .longValue();
    for (int i = 0; i < 10; i++) {
      String path = i % 2 == 0 ? PATH : "/api/v1/waiting-list";
      assertThat(limitedCount.post(path, token, IngressFixture.booking(event, 1)).status())
          .isEqualTo(202);
    }
    assertRateLimited(
        limitedCount.post("/api/v1/waiting-list", token, IngressFixture.booking(event, 1)));
  }

  @Test
  void decidedBookingIsNoLongerCounted() {
    String user = IngressFixture.newUser();
    long event = limitedCount.newEvent();
    String key = UUID.randomUUID().toString();
    String first =
        book(limitedCount, user, event, "Idempotency-Key", key).json().get("ticketId").asString();
    for (int i = 1; i < 10; i++) {
      assertThat(book(limitedCount, user, event).status()).isEqualTo(202);
    }
    assertRateLimited(book(limitedCount, user, event));
    IngressFixture.Answer repeated = book(limitedCount, user, event, "Idempotency-Key", key);
    assertThat(repeated.json().get("ticketId").asString()).isEqualTo(first);

    Command command =
        limitedCount.drain().stream()
            .filter(queued -> queued.ticketId().toString().equals(first))
            .findFirst()
            .orElseThrow();
    limitedCount.decide(command, TicketStatus.REJECTED, Reason.GAVE_UP, null);
    assertThat(book(limitedCount, user, event).status()).isEqualTo(202);
    assertRateLimited(book(limitedCount, user, event));
  }

  @Test
  void evictedOrForeignCounterIsLenient() {
    String user = IngressFixture.newUser();
    long event = limitedCount.newEvent();
    UUID ticketId = null;
    for (int i = 0; i < 10; i++) {
      IngressFixture.Answer answer = book(limitedCount, user, event);
      assertThat(answer.status()).isEqualTo(202);
      ticketId = UUID.fromString(answer.json().get("ticketId").asString());
    }
    assertRateLimited(book(limitedCount, user, event));
    replaceBucketOf(ticketId, "foreign");
    assertThat(book(limitedCount, user, event).status()).isEqualTo(202);
  }

  private static void replaceBucketOf(UUID ticketId, String value) {
    byte[] id =
        ByteBuffer.allocate(2 * Long.BYTES)
            .putLong(ticketId.getMostSignificantBits())
            .putLong(ticketId.getLeastSignificantBits())
            .array();
    limitedCount
        .context
        .getBean(RedisGateway.class)
        .call(client -> {
          String bucket =
              client
                  .getKeys()
                  .getKeysStreamByPattern("undecided:*")
                  .filter(key -> {
                    byte[] records = client.<byte[]>getBucket(key, ByteArrayCodec.INSTANCE).get();
                    return records != null
                        && new String(records, ISO_8859_1).contains(new String(id, ISO_8859_1));
                  })
                  .findFirst()
                  .orElseThrow();
          client.getBucket(bucket, StringCodec.INSTANCE).set(value);
          return null;
        });
  }

  @Test
  void refusedBookingLeavesNoTrace() {
    String user = IngressFixture.newUser();
    long event = limitedCount.newEvent();
    for (int i = 0; i < 10; i++) {
      assertThat(book(limitedCount, user, event).status()).isEqualTo(202);
    }
    limitedCount.drain();
    String key = UUID.randomUUID().toString();
    List<Integer> answers =
        IntStream.range(0, 20)
            .parallel()
            .mapToObj(i -> book(limitedCount, user, event, "Idempotency-Key", key).status())
            .toList();
    assertThat(answers).containsOnly(429);
    assertThat(limitedCount.drain()).isEmpty();
    assertThat(limitedCount.statusStore().findUndecided(user)).hasSize(10);
    assertThat(limitedCount.statusStore().findOldest(event, 100)).hasSize(10);
  }
}
