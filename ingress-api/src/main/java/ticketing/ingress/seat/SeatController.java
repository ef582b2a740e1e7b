package ticketing.ingress.seat;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.InputStreamResource;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import ticketing.domain.EventView;
import ticketing.domain.seatmap.SeatsView;
import ticketing.ingress.event.EventCatalog;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.seatmap.SeatCatalog;
import ticketing.ingress.seatmap.SeatMapCatalog;

/// Seat map and bitmaps of an event. Both are public.
@RestController
@RequestMapping(path = "/api/v1/events/{eventId}", produces = MediaType.APPLICATION_JSON_VALUE)
class SeatController {

  /// Shared caches answer a rush of readers.
  private static final CacheControl CURRENT =
      CacheControl.maxAge(Duration.ofSeconds(1)).cachePublic();

  private static final CacheControl IMMUTABLE =
      CacheControl.maxAge(Duration.ofDays(365)).cachePublic().immutable();

  private final EventCatalog events;
  private final SeatMapCatalog maps;
  private final SeatCatalog seats;

  SeatController(EventCatalog events, SeatMapCatalog maps, SeatCatalog seats) {
    this.events = events;
    this.maps = maps;
    this.seats = seats;
  }

  /// The body is compressed once for all readers. A client without gzip gets it decompressed piece
  /// by piece, so that slow readers share the compressed one.
  @GetMapping("/seat-map")
  ResponseEntity<Object> map(
      @PathVariable long eventId,
      @RequestParam(required = false) Integer revision,
      @RequestParam(defaultValue = "false") boolean compact,
      @RequestHeader(name = HttpHeaders.ACCEPT_ENCODING, required = false) String encodings) {
    int current = currentRevision(eventId);
    int requested = revision == null ? current : revision;
    // Another instance may have published the next revision already.
    Optional<byte[]> document =
        requested < 1 || requested > current + 1
            ? Optional.empty()
            : maps.findDocument(eventId, requested, compact);
    if (document.isEmpty()) {
      throw ApiException.of(
          ErrorCode.SEAT_MAP_NOT_FOUND, "The event has no seat map of this revision.");
    }
    ResponseEntity.BodyBuilder response =
        ResponseEntity.ok()
            .cacheControl(revision == null ? CURRENT : IMMUTABLE)
            .contentType(MediaType.APPLICATION_JSON)
            .varyBy(HttpHeaders.ACCEPT_ENCODING);
    return acceptsGzip(encodings)
        ? response.header(HttpHeaders.CONTENT_ENCODING, "gzip").body(document.get())
        : response.body(new InputStreamResource(SeatMapCatalog.decompressed(document.get())));
  }

  @GetMapping("/seats")
  ResponseEntity<SeatsView> seats(@PathVariable long eventId) {
    SeatsView found =
        seats.find(eventId, currentRevision(eventId)).orElseThrow(SeatController::noSeatMap);
    return ResponseEntity.ok().cacheControl(CURRENT).body(found);
  }

  private int currentRevision(long eventId) {
    EventView event = events.get(eventId);
    if (event.seatMapRevision() == null) {
      throw noSeatMap();
    }
    return event.seatMapRevision();
  }

  private static ApiException noSeatMap() {
    return ApiException.of(ErrorCode.NO_SEAT_MAP, "The event has no seat map.");
  }

  /// RFC 9110, section 12.5.3: a coding with the weight 0 is not acceptable.
  private static boolean acceptsGzip(@Nullable String encodings) {
    if (encodings == null) {
      return false;
    }
    boolean any = false;
    for (String element : encodings.split(",")) {
      String[] parts = element.split(";");
      String coding = parts[0].strip();
      boolean refused = parts.length > 1 && parts[1].strip().matches("[qQ]=0(\\.0{0,3})?");
      if (coding.equalsIgnoreCase("gzip") || coding.equalsIgnoreCase("x-gzip")) {
        return !refused;
      }
      any |= coding.equals("*") && !refused;
    }
    return any;
  }
}
