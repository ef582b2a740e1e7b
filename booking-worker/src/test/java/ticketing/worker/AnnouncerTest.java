package ticketing.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import ticketing.domain.BoardEntry;
import ticketing.domain.BoardSettings;
import ticketing.domain.Command;
import ticketing.domain.EventBoard;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.Money;
import ticketing.domain.Redis;
import ticketing.domain.RedisSettings;
import ticketing.domain.RedisUnavailable;
import ticketing.domain.TicketBoard;
import ticketing.domain.TicketIds;
import ticketing.local.servers.LocalServers;

class AnnouncerTest {

  private final LocalServers servers = LocalServers.shared();
  private final Redis redis =
      Redis.connect(
          new RedisSettings(
              List.of(servers.redisAddress()),
              false,
              "",
              Duration.ofSeconds(2),
              0,
              Duration.ofMillis(100),
              4));
  private final BoardSettings settings =
      new BoardSettings(Duration.ofHours(1), Duration.ofHours(1), Duration.ofHours(1));
  private final TicketBoard tickets = new TicketBoard(redis, settings);
  private final EventBoard events = new EventBoard(redis, settings);

  @AfterEach
  void tidy() {
    servers.redis().start();
    redis.close();
  }

  @Test
  void whatRedisMissedIsToldWhenItIsBack() {
    Announcer announcer = new Announcer(tickets, new WorkerMetrics(new SimpleMeterRegistry()));
    BoardEntry decided =
        BoardEntry.pending(
            new Command.BookSeats(TicketIds.next(), "7", 77, "R", 1, Instant.now(), null));
    servers.redis().stop();
    announcer.announce(List.of(decided), List.of(), event(2), List.of());
    servers.redis().start();
    await()
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptions()
        .untilAsserted(() -> events.refresh(event(1)).join());

    await()
        .atMost(Duration.ofSeconds(30))
        .ignoreException(RedisUnavailable.class)
        .untilAsserted(
            () -> {
              announcer.tellAgain();
              assertThat(tickets.find(decided.ticket().ticketId())).isPresent();
              assertThat(events.find(77)).map(EventView::version).contains(2L);
            });
  }

  private static EventView event(long version) {
    return new EventView(
        77,
        "Concert",
        Instant.parse("2030-12-24T10:00:00Z"),
        null,
        null,
        EventStatus.ACTIVE,
        10,
        5,
        null,
        null,
        null,
        null,
        List.of(new EventView.SeatTypeView("R", Money.of("10.00"), 10, 5)),
        version);
  }
}
