package ticketing.worker.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import ticketing.domain.Command;
import ticketing.domain.EventView;
import ticketing.domain.Money;
import ticketing.local.servers.LocalServers;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisSettings;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.EventCache;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.status.StatusStoreSettings;
import ticketing.userfeed.UserChange;
import ticketing.userfeed.UserChange.ReservationEnded.Ending;
import ticketing.userfeed.UserChanges;

class DecisionPublisherTest {

  private final LocalServers servers = LocalServers.shared();
  private final RedisGateway redis =
      RedisGateway.connect(
          new RedisSettings(
              List.of(servers.redisAddress()),
              false,
              "",
              Duration.ofSeconds(2),
              0,
              Duration.ofMillis(100),
              4));
  private final StatusStoreSettings settings =
      new StatusStoreSettings(Duration.ofHours(1), Duration.ofHours(1), Duration.ofHours(1));
  private final StatusStore tickets = new StatusStore(redis, settings);
  private final UserChanges userChanges = new UserChanges(redis);
  private final EventCache events = new EventCache(redis, settings);

  @AfterEach
  void tidy() {
    servers.redis().start();
    redis.close();
  }

  @Test
  void decisionsArePublishedAfterRedisOutage() {
    DecisionPublisher publisher =
        new DecisionPublisher(tickets, userChanges, new PipelineMetrics(new SimpleMeterRegistry()));
    List<UserChange> received = new CopyOnWriteArrayList<>();
    userChanges.subscribe(received::add, () -> {});
    UserChange expired =
        new UserChange.ReservationEnded(77, Ending.EXPIRED, List.of("decision-publisher-test"));
    StatusEntry decided =
        StatusEntry.pending(
            new Command.BookSeats(UUID.randomUUID(), "7", 77, "R", 1, Instant.now()));
    servers.redis().stop();
    publisher.publish(
        new CommittedBatch(
            List.of(decided),
            List.of(),
            event(2),
            null,
            List.of(),
            List.of(expired),
            List.of(),
            false));
    servers.redis().start();
    await()
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptions()
        .untilAsserted(() -> events.refresh(event(1)).join());
    // A change is published once; the client restores its subscription some time after a start.
    UserChange probe = new UserChange.ReservationEnded(78, Ending.EXPIRED, List.of("probe"));
    await()
        .atMost(Duration.ofSeconds(30))
        .ignoreException(RedisUnavailableException.class)
        .untilAsserted(() -> {
          userChanges.publish(List.of(probe));
          assertThat(received).contains(probe);
        });

    await()
        .atMost(Duration.ofSeconds(30))
        .ignoreException(RedisUnavailableException.class)
        .untilAsserted(() -> {
          publisher.republish();
          assertThat(tickets.find(decided.ticket().ticketId())).isPresent();
          assertThat(events.find(77)).map(EventView::version).contains(2L);
          assertThat(received).contains(expired);
        });
  }

  private static EventView event(long version) {
    return EventView.builder(77, "Concert", Instant.parse("2030-12-24T10:00:00Z"))
        .seatTypes(List.of(new EventView.SeatTypeView("R", Money.of("10.00"), 10, 5)))
        .version(version)
        .build();
  }
}
