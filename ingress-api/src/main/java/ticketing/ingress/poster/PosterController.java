package ticketing.ingress.poster;

import java.time.Duration;
import java.util.List;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import ticketing.ingress.event.EventCatalog;
import ticketing.ingress.http.ConditionalRequests;
import ticketing.ingress.information.EventDocument;
import ticketing.ingress.information.EventInformationCatalog;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;

/// Poster of an event. Reads are public, changes need an administrator.
@RestController
@RequestMapping("/api/v1/events/{eventId}/poster")
class PosterController {

  private static final String WEBP = "image/webp";

  private static final CacheControl CURRENT =
      CacheControl.maxAge(Duration.ofSeconds(1)).cachePublic();

  private static final CacheControl IMMUTABLE =
      CacheControl.maxAge(Duration.ofDays(365)).cachePublic().immutable();

  private final PosterService posters;
  private final EventCatalog events;
  private final EventInformationCatalog information;

  PosterController(
      PosterService posters, EventCatalog events, EventInformationCatalog information) {
    this.posters = posters;
    this.events = events;
    this.information = information;
  }

  @PutMapping(
      consumes = {MediaType.IMAGE_JPEG_VALUE, MediaType.IMAGE_PNG_VALUE, WEBP},
      produces = MediaType.APPLICATION_JSON_VALUE)
  EventDocument replace(
      @PathVariable long eventId,
      @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) List<String> ifMatch,
      @RequestBody byte[] image) {
    return posters.replace(eventId, image, ifMatch);
  }

  @DeleteMapping(produces = MediaType.APPLICATION_JSON_VALUE)
  EventDocument remove(
      @PathVariable long eventId,
      @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) List<String> ifMatch) {
    return posters.remove(eventId, ifMatch);
  }

  @GetMapping(produces = MediaType.IMAGE_JPEG_VALUE)
  ResponseEntity<byte[]> get(
      @PathVariable long eventId,
      @RequestParam(required = false) String revision,
      @RequestParam(required = false) Integer width,
      @RequestHeader(name = HttpHeaders.IF_NONE_MATCH, required = false) String ifNoneMatch) {
    if (width != null && !PosterKey.WIDTHS.contains(width)) {
      throw ApiException.invalid("width", "must be one of " + PosterKey.WIDTHS);
    }
    String known = information.document(events.get(eventId)).information().posterRevision();
    String requested = revision == null ? known : revision;
    int wanted = width == null ? PosterKey.FULL : width;
    byte[] image =
        requested == null ? null : posters.find(eventId, requested, known, wanted).orElse(null);
    if (image == null) {
      throw ApiException.of(
          ErrorCode.POSTER_NOT_FOUND, "The event has no poster of this revision.");
    }
    CacheControl caching = revision == null ? CURRENT : IMMUTABLE;
    String entityTag = '"' + requested + (width == null ? "" : "-" + width) + '"';
    return ConditionalRequests.matchesAny(ifNoneMatch)
        ? ResponseEntity.status(HttpStatus.NOT_MODIFIED)
            .cacheControl(caching)
            .eTag(entityTag)
            .build()
        : ResponseEntity.ok().cacheControl(caching).eTag(entityTag).body(image);
  }
}
