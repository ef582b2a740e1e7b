package ticketing.worker.pipeline;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import ticketing.domain.EventView;
import ticketing.domain.seatmap.SeatsView;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.status.StatusStore.Publication;
import ticketing.userfeed.UserChange;
import ticketing.userfeed.UserChanges;

/// Publishes committed decisions to the status store. The database already contains them. Decisions
/// of an outage of Redis are kept in memory and published after it, up to a bound; readers find the
/// others in the database.
@Component
public class DecisionPublisher {

  private static final Logger log = LoggerFactory.getLogger(DecisionPublisher.class);
  private static final int MAX_UNPUBLISHED_DECISIONS = 50_000;
  private static final int MAX_UNPUBLISHED_EVENTS = 10_000;
  private static final int MAX_UNPUBLISHED_SEATS = 200; // events of up to 11 KB each
  private static final int MAX_UNPUBLISHED_USER_CHANGES = 10_000;
  private static final int MAX_REPUBLISHED_DECISIONS = 500; // in one round trip
  private static final int REPUBLISH_INTERVAL_MILLIS = 500;

  private final StatusStore statusStore;
  private final UserChanges userChanges;
  private final PipelineMetrics metrics;
  private final Deque<StatusEntry> unpublished = new ArrayDeque<>(); // guarded by itself
  private final SequencedMap<Long, EventView> unpublishedEvents =
      new LinkedHashMap<>(); // guarded by unpublished
  private final SequencedMap<Long, SeatsView> unpublishedSeats =
      new LinkedHashMap<>(); // guarded by unpublished
  private final Deque<UserChange> unpublishedChanges = new ArrayDeque<>(); // guarded by unpublished

  DecisionPublisher(StatusStore statusStore, UserChanges userChanges, PipelineMetrics metrics) {
    this.statusStore = statusStore;
    this.userChanges = userChanges;
    this.metrics = metrics;
    metrics.gauge(
        "ticketing.unpublished",
        "decisions",
        "Decisions to be published after an outage of Redis",
        this::countUnpublished);
  }

  /// Publishes a committed batch. An outage of Redis delays the publication and is no failure.
  public void publish(CommittedBatch batch) {
    publish(List.of(batch));
  }

  /// Publishes committed batches of different events. An outage of Redis delays the publication and
  /// is no failure.
  void publish(Collection<CommittedBatch> batches) {
    List<Publication> publications = new ArrayList<>(batches.size());
    for (CommittedBatch batch : batches) {
      List<StatusEntry> entries = new ArrayList<>(batch.decided());
      entries.addAll(batch.known());
      publications.add(
          new Publication(
              entries,
              batch.decided().size(),
              batch.changedEvent(),
              batch.changedReservations(),
              batch.changedSeats()));
    }
    try {
      statusStore.publish(publications);
    } catch (RedisUnavailableException e) {
      for (Publication publication : publications) {
        keep(List.copyOf(publication.decided()));
        keep(publication.event());
        keep(publication.seats());
      }
    }
    publishChanges(batches.stream().flatMap(batch -> batch.userChanges().stream()).toList());
    removeRevoked(batches.stream().flatMap(batch -> batch.revoked().stream()).toList());
  }

  /// The reservations in Redis are removed already, so a receiver reads their new status.
  private void publishChanges(List<UserChange> changes) {
    try {
      userChanges.publish(changes);
    } catch (RedisUnavailableException e) {
      synchronized (unpublished) {
        unpublishedChanges.addAll(changes);
        while (unpublishedChanges.size() > MAX_UNPUBLISHED_USER_CHANGES) {
          unpublishedChanges.remove();
        }
      }
    }
  }

  private void republishChanges() {
    List<UserChange> changes = new ArrayList<>();
    synchronized (unpublished) {
      while (changes.size() < MAX_REPUBLISHED_DECISIONS && !unpublishedChanges.isEmpty()) {
        changes.add(unpublishedChanges.remove());
      }
    }
    publishChanges(changes);
  }

  /// Removes pending tickets of revoked commands. The ingress API removes them too, unless it
  /// crashed or Redis was unavailable; then they expire.
  private void removeRevoked(List<StatusEntry> revoked) {
    if (revoked.isEmpty()) {
      return;
    }
    metrics.recordRevoked(revoked.size());
    for (StatusEntry entry : revoked) {
      log.info("received revoked command, ticket={}", entry.ticket().ticketId());
      statusStore
          .removePending(entry)
          .exceptionally(failure -> {
            log.debug("cannot remove pending ticket, cause={}", failure.getMessage());
            return null;
          });
    }
  }

  private void keep(List<StatusEntry> entries) {
    synchronized (unpublished) {
      unpublished.addAll(entries);
      while (unpublished.size() > MAX_UNPUBLISHED_DECISIONS) {
        unpublished.remove();
      }
    }
  }

  /// Redis may still cache an older version of the event.
  private void keep(@Nullable EventView event) {
    if (event == null) {
      return;
    }
    synchronized (unpublished) {
      unpublishedEvents.merge(
          event.eventId(), event, (old, next) -> old.version() > next.version() ? old : next);
      if (unpublishedEvents.size() > MAX_UNPUBLISHED_EVENTS) {
        unpublishedEvents.pollFirstEntry();
      }
    }
  }

  /// Subscribers get all sections, because they missed an unknown number of changes.
  private void keep(SeatsView.@Nullable Change seats) {
    if (seats == null) {
      return;
    }
    synchronized (unpublished) {
      unpublishedSeats.merge(
          seats.all().eventId(),
          seats.all(),
          (old, next) -> old.version() > next.version() ? old : next);
      if (unpublishedSeats.size() > MAX_UNPUBLISHED_SEATS) {
        unpublishedSeats.pollFirstEntry();
      }
    }
  }

  /// Publishes the kept decisions if Redis is available again.
  @Scheduled(fixedDelay = REPUBLISH_INTERVAL_MILLIS)
  void republish() {
    republishEvents();
    republishSeats();
    List<StatusEntry> entries = takeUnpublished();
    while (!entries.isEmpty()) {
      try {
        statusStore.publish(entries, 0, null, List.of());
        log.debug("published kept decisions, count={}", entries.size());
      } catch (RedisUnavailableException e) {
        keep(entries);
        return;
      }
      entries = takeUnpublished();
    }
    republishChanges();
  }

  private void republishEvents() {
    List<EventView> events;
    synchronized (unpublished) {
      events = List.copyOf(unpublishedEvents.values());
    }
    for (EventView event : events) {
      try {
        statusStore.publish(List.of(), 0, event, List.of());
      } catch (RedisUnavailableException e) {
        return;
      }
      synchronized (unpublished) {
        unpublishedEvents.remove(event.eventId(), event);
      }
    }
  }

  private void republishSeats() {
    List<SeatsView> views;
    synchronized (unpublished) {
      views = List.copyOf(unpublishedSeats.values());
    }
    for (SeatsView view : views) {
      try {
        statusStore.publish(
            List.of(
                new Publication(List.of(), 0, null, List.of(), new SeatsView.Change(view, view))));
      } catch (RedisUnavailableException e) {
        return;
      }
      synchronized (unpublished) {
        unpublishedSeats.remove(view.eventId(), view);
      }
    }
  }

  private List<StatusEntry> takeUnpublished() {
    synchronized (unpublished) {
      List<StatusEntry> entries =
          new ArrayList<>(Math.min(MAX_REPUBLISHED_DECISIONS, unpublished.size()));
      while (entries.size() < MAX_REPUBLISHED_DECISIONS && !unpublished.isEmpty()) {
        entries.add(unpublished.remove());
      }
      return entries;
    }
  }

  private int countUnpublished() {
    synchronized (unpublished) {
      return unpublished.size();
    }
  }
}
