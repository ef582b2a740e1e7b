package ticketing.status;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import ticketing.domain.Command;
import ticketing.domain.Ticket;
import ticketing.redis.CommandBatch;
import ticketing.redis.CommandBatch.Reply;
import ticketing.redis.RedisGateway;
import ticketing.status.StatusStore.LineEntry;

/// Waiting line against a sorted list.
class WaitingLineTest {

  private static final Duration TTL = Duration.ofHours(1);
  private static final Instant START = Instant.parse("2026-12-24T10:00:00Z");
  private static final long EVENT = 7_700_001;

  private static RedisGateway redis;

  @BeforeAll
  static void connect() {
    redis = TestRedis.connect(5);
  }

  @AfterAll
  static void disconnect() {
    redis.close();
  }

  @Test
  void positionsAreExactForAnyOrderOfArrival() {
    Random random = new Random(42);
    List<Ticket> line = new ArrayList<>();
    for (int round = 0; round < 60; round++) {
      List<Ticket> arrivals = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        // Two thirds in order; the others up to 400 entries late, some with equal times.
        long micros = round * 5_000L + i * 100L - (i % 3 == 0 ? random.nextInt(40_000) : 0);
        arrivals.add(ticket(EVENT, START.plusNanos(micros / 10 * 10_000)));
      }
      List<Long> positions = add(EVENT, arrivals);
      line.addAll(arrivals);
      assertThat(positions).isEqualTo(arrivals.stream().map(one -> ahead(line, one)).toList());
      assertThat(add(EVENT, arrivals)).isEqualTo(positions);
      List<Ticket> decided =
          line.stream()
              .sorted(Comparator.comparing(Ticket::acceptedAt))
              .limit(60)
              .filter(one -> random.nextInt(3) > 0)
              .toList();
      assertThat(remove(EVENT, decided)).isEqualTo(decided.size());
      assertThat(remove(EVENT, decided)).isZero();
      line.removeAll(decided);
      assertThat(findPositions(EVENT, line))
          .isEqualTo(line.stream().map(one -> ahead(line, one)).toList());
      assertThat(oldest(EVENT, 1))
          .singleElement()
          .extracting(LineEntry::acceptedAt)
          .isEqualTo(line.stream().map(Ticket::acceptedAt).min(Instant::compareTo).orElseThrow());
    }
    assertThat(remove(EVENT, line)).isEqualTo(line.size());
    assertThat(oldest(EVENT, 10)).isEmpty();
    assertThat(
            redis.<Long>call(client ->
                client.getKeys().getKeysStreamByPattern("{waiting:" + EVENT + "}*").count()))
        .isZero();
  }

  @Test
  void oldestEntriesNameTheirTickets() {
    List<Ticket> tickets = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      tickets.add(ticket(EVENT + 1, START.plusMillis(i)));
    }
    add(EVENT + 1, tickets);

    assertThat(oldest(EVENT + 1, 200))
        .containsExactlyElementsOf(
            tickets.stream()
                .limit(200)
                .map(one -> new LineEntry(one.ticketId(), one.acceptedAt()))
                .toList());
  }

  /// The fallback after an eviction, and the line of an older version.
  @Test
  void missingChunksAndOlderLinesAreRead() {
    List<Ticket> tickets = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      tickets.add(ticket(EVENT + 2, START.plusSeconds(i)));
    }
    add(EVENT + 2, tickets);
    String line = "{waiting:" + (EVENT + 2) + "}";
    redis.call(client -> client.getKeys().delete(line + ":" + START.toEpochMilli() * 1_000));
    Ticket next = tickets.get(WaitingLine.MAX_CHUNK_SIZE);
    assertThat(oldest(EVENT + 2, 1))
        .containsExactly(new LineEntry(next.ticketId(), next.acceptedAt()));

    Ticket old = ticket(EVENT + 2, START);
    redis.call(client ->
        client
            .<String>getScoredSortedSet("waiting:" + (EVENT + 2))
            .add(START.toEpochMilli() * 1e3, old.ticketId().toString()));
    assertThat(oldest(EVENT + 2, 1)).contains(new LineEntry(old.ticketId(), START));
    assertThat(remove(EVENT + 2, List.of(old))).isEqualTo(1);
  }

  private static long ahead(List<Ticket> line, Ticket ticket) {
    return line.stream().filter(one -> one.acceptedAt().isBefore(ticket.acceptedAt())).count();
  }

  private static Ticket ticket(long event, Instant acceptedAt) {
    return Ticket.pending(
        new Command.BookSeats(UUID.randomUUID(), "7", event, "VIP", 1, acceptedAt));
  }

  private static List<Long> add(long event, List<Ticket> tickets) {
    return reply(batch -> WaitingLine.add(batch, event, tickets, TTL)).value().orElseThrow();
  }

  private static List<Long> findPositions(long event, List<Ticket> tickets) {
    return reply(batch -> WaitingLine.findPositions(batch, event, tickets)).value().orElseThrow();
  }

  private static long remove(long event, List<Ticket> tickets) {
    return reply(batch ->
            WaitingLine.remove(
                batch,
                event,
                tickets.stream()
                    .map(one -> new LineEntry(one.ticketId(), one.acceptedAt()))
                    .toList()))
        .value()
        .orElseThrow();
  }

  private static List<LineEntry> oldest(long event, int count) {
    return WaitingLine.entries(reply(batch -> WaitingLine.findOldest(batch, event, count)));
  }

  private static <T> Reply<T> reply(Function<CommandBatch, Reply<T>> command) {
    AtomicReference<Reply<T>> reply = new AtomicReference<>();
    redis.execute(batch -> reply.set(command.apply(batch)));
    return reply.get();
  }
}
