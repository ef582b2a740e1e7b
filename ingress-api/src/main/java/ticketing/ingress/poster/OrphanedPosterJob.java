package ticketing.ingress.poster;

import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import ticketing.ingress.information.EventInformationCatalog;

/// Job that deletes stored images that no event names: those of failed uploads and of replaced
/// posters whose deletion failed.
///
/// A revision gets its row during its upload only, and the minimum age exceeds the time of an
/// upload. The job lists the images ahead of its read of the rows from the primary database. So an
/// old image without a row never gets one, and an image with a row is kept. Concurrent jobs of
/// several processes delete the same images, which is idempotent. All images of a store belong to
/// one database.
///
/// A round compares at most a configured number of images; the next round continues behind them.
@Component
class OrphanedPosterJob implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(OrphanedPosterJob.class);

  private final PosterStore store;
  private final EventInformationCatalog information;
  private final PosterSettings settings;
  private final Clock clock;
  private volatile Optional<ScheduledExecutorService> scheduler = Optional.empty();

  /// Path of the last compared image; empty: the next round starts with the first one.
  private String last = "";

  OrphanedPosterJob(
      PosterStore store,
      EventInformationCatalog information,
      PosterSettings settings,
      Clock clock) {
    this.store = store;
    this.information = information;
    this.settings = settings;
    this.clock = clock;
  }

  private void runLogged() {
    try {
      int deleted = run();
      if (deleted > 0) {
        log.info("deleted images without an event, images={}", deleted);
      }
    } catch (PosterStore.UnavailableException | DataAccessException | TransactionException e) {
      log.warn("cannot delete images without an event, cause={}", e.getClass().getSimpleName());
    } catch (RuntimeException e) {
      log.error("cannot delete images without an event", e);
    }
  }

  /// Runs one round.
  ///
  /// @return number of deleted images
  synchronized int run() {
    List<PosterStore.StoredObject> listed = store.list(last, settings.maxOrphanScan());
    Instant limit = clock.instant().minus(settings.orphanAge());
    List<PosterKey> old =
        listed.stream()
            .filter(object -> object.storedAt().isBefore(limit))
            .flatMap(object -> PosterKey.parse(object.path()).stream())
            .toList();
    Map<Long, String> named =
        information.findPosterRevisions(
            old.stream().map(PosterKey::eventId).collect(Collectors.toSet()));
    List<PosterKey> orphans =
        old.stream().filter(key -> !key.revision().equals(named.get(key.eventId()))).toList();
    orphans.forEach(store::delete);
    last = listed.size() < settings.maxOrphanScan() ? "" : listed.getLast().path();
    return orphans.size();
  }

  @Override
  public void start() {
    ScheduledExecutorService started =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofVirtual().name("orphaned-posters-", 0).factory());
    long interval = settings.orphanInterval().toMillis();
    // Random, so that processes that start together do not search at the same time.
    long first = ThreadLocalRandom.current().nextLong(interval) + 1;
    started.scheduleWithFixedDelay(this::runLogged, first, interval, TimeUnit.MILLISECONDS);
    scheduler = Optional.of(started);
  }

  /// A round that ends early leaves its images to the next one.
  @Override
  public void stop() {
    scheduler.ifPresent(ScheduledExecutorService::shutdownNow);
    scheduler = Optional.empty();
  }

  @Override
  public boolean isRunning() {
    return scheduler.isPresent();
  }
}
