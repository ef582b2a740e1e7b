package ticketing.ingress.poster;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Component;
import ticketing.concurrent.BoundedPool;
import ticketing.domain.EventView;
import ticketing.ingress.event.EventAdminService;
import ticketing.ingress.information.EventDocument;
import ticketing.ingress.information.EventInformationCatalog;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;

/// Replaces, removes and reads the posters of events.
///
/// The images of an upload are stored ahead of the row that names their revision, and deleted after
/// the row names another one. So a row never names an image that is missing. A failure between both
/// leaves images without a row, which the [OrphanedPosterJob] deletes.
@Component
class PosterService implements DisposableBean {

  private static final Logger log = LoggerFactory.getLogger(PosterService.class);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(3);

  /// Requests with unknown revisions read the database at most once in this time for an event.
  private static final Duration REVISION_TTL = Duration.ofMillis(200);

  private static final int MAX_CACHED_REVISIONS = 10_000;

  /// Estimated size of an entry without its image, in bytes.
  private static final int ENTRY_BYTES = 200;

  private final EventAdminService events;
  private final EventInformationCatalog information;
  private final PosterStore store;
  private final PosterSettings settings;
  private final BoundedPool conversions;
  private final LoadingCache<PosterKey, Optional<byte[]>> images;
  private final LoadingCache<Long, Optional<String>> revisions;

  PosterService(
      EventAdminService events,
      EventInformationCatalog information,
      PosterStore store,
      PosterSettings settings) {
    this.events = events;
    this.information = information;
    this.store = store;
    this.settings = settings;
    this.conversions =
        new BoundedPool(
            "poster-conversion", 1, settings.maxQueuedImages(), settings.conversionTimeout());
    this.images =
        Caffeine.newBuilder()
            .maximumWeight(settings.localCacheSize().toBytes())
            .weigher((PosterKey key, Optional<byte[]> image) ->
                ENTRY_BYTES + image.map(bytes -> bytes.length).orElse(0))
            .build(this::load);
    this.revisions =
        Caffeine.newBuilder()
            .maximumSize(MAX_CACHED_REVISIONS)
            .expireAfterWrite(REVISION_TTL)
            .build(information::findPosterRevision);
  }

  /// Replaces the poster by an uploaded image.
  ///
  /// @param ifMatch values of `If-Match`; null if absent
  /// @throws ApiException of [EventAdminService#changePoster], `INVALID_REQUEST` for an image that
  ///   is not accepted, `OVERLOADED`, `POSTERS_UNAVAILABLE`
  EventDocument replace(long eventId, byte[] upload, @Nullable List<String> ifMatch) {
    events.requirePosterChangeable(eventId, ifMatch);
    Map<Integer, byte[]> images = convert(upload);
    PosterKey key = PosterKey.full(eventId, UUID.randomUUID().toString().replace("-", ""));
    try {
      images.forEach((width, image) -> store.put(key.withWidth(width), image));
    } catch (PosterStore.UnavailableException e) {
      log.warn("cannot store a poster, image={}", key.path(), e);
      throw unavailable();
    }
    try {
      return change(eventId, key.revision(), ifMatch);
    } catch (ApiException e) {
      delete(key); // The row is unchanged.
      throw e;
    }
    // After another failure the commit may have happened.
  }

  /// Removes the poster. Idempotent.
  ///
  /// @param ifMatch values of `If-Match`; null if absent
  /// @throws ApiException of [EventAdminService#changePoster]
  EventDocument remove(long eventId, @Nullable List<String> ifMatch) {
    EventView event = events.requirePosterChangeable(eventId, ifMatch);
    return information.findPosterRevision(eventId).isEmpty()
        ? information.document(event)
        : change(eventId, null, ifMatch);
  }

  private EventDocument change(
      long eventId, @Nullable String revision, @Nullable List<String> ifMatch) {
    EventAdminService.PosterChange change = events.changePoster(eventId, revision, ifMatch);
    revisions.invalidate(eventId);
    change.formerRevision().ifPresent(former -> delete(PosterKey.full(eventId, former)));
    return information.document(change.event());
  }

  /// Deletes the images of an upload. A failure leaves them to the [OrphanedPosterJob].
  private void delete(PosterKey key) {
    try {
      key.all().forEach(store::delete);
    } catch (PosterStore.UnavailableException e) {
      log.warn("cannot delete a poster, image={}, cause={}", key.path(), e.getMessage());
    }
    images.invalidateAll(key.all());
  }

  private Map<Integer, byte[]> convert(byte[] upload) {
    try {
      return conversions.compute(() -> PosterImage.convert(upload, settings));
    } catch (BoundedPool.OverloadedException e) {
      throw ApiException.withRetryAfter(
          ErrorCode.OVERLOADED, "Too many images are converted now.", RETRY_AFTER);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof PosterImage.InvalidImageException invalid) {
        throw ApiException.invalid("poster", invalid.getMessage());
      }
      throw new IllegalStateException("cannot convert an image", e.getCause());
    }
  }

  /// Reads an image. A poster without variants has the full image only.
  private Optional<byte[]> load(PosterKey key) {
    Optional<byte[]> image = store.find(key);
    return image.isPresent() || key.width() == PosterKey.FULL
        ? image
        : store.find(key.withWidth(PosterKey.FULL));
  }

  /// Returns the image of a revision; empty if the event has no such poster.
  ///
  /// @param known revision of the poster as far as this process knows
  /// @param width wanted width, as in [PosterKey]. A narrower poster has the full image only
  /// @throws ApiException `POSTERS_UNAVAILABLE`
  Optional<byte[]> find(long eventId, String revision, @Nullable String known, int width) {
    // Another instance may have replaced the poster a moment ago.
    if (!revision.equals(known) && !revisions.get(eventId).equals(Optional.of(revision))) {
      return Optional.empty();
    }
    PosterKey key = new PosterKey(eventId, revision, width);
    try {
      Optional<byte[]> image = images.get(key);
      if (image.isEmpty()) {
        images.invalidate(key);
      }
      return image;
    } catch (PosterStore.UnavailableException e) {
      log.debug("cannot read a poster, image={}, cause={}", key.path(), e.getMessage());
      throw unavailable();
    }
  }

  private static ApiException unavailable() {
    return ApiException.withRetryAfter(
        ErrorCode.POSTERS_UNAVAILABLE, "The store of the posters is unavailable.", RETRY_AFTER);
  }

  @Override
  public void destroy() {
    conversions.close();
  }
}
