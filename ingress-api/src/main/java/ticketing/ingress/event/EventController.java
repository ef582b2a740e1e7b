package ticketing.ingress.event;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import org.springframework.data.domain.PageRequest;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.ingress.http.ConditionalRequests;
import ticketing.ingress.http.PageResponse;
import ticketing.ingress.security.AuthenticatedUser;

/// Events. Reads are public, changes need an administrator.
@RestController
@RequestMapping(path = "/api/v1/events", produces = MediaType.APPLICATION_JSON_VALUE)
class EventController {

  /// Shared caches answer a rush of readers.
  private static final CacheControl PUBLIC =
      CacheControl.maxAge(Duration.ofSeconds(1)).cachePublic();

  private final EventCatalog catalog;
  private final EventAdminService events;

  EventController(EventCatalog catalog, EventAdminService events) {
    this.catalog = catalog;
    this.events = events;
  }

  @GetMapping
  ResponseEntity<PageResponse<EventView>> list(
      @RequestParam(required = false) EventStatus status,
      @RequestParam(required = false) Instant from,
      @RequestParam(required = false) Instant to,
      @RequestParam(defaultValue = "0") @Min(0) @Max(PageResponse.MAX_PAGE_NUMBER) int page,
      @RequestParam(defaultValue = "20") @Min(1) @Max(PageResponse.MAX_PAGE_SIZE) int size) {
    return ResponseEntity.ok()
        .cacheControl(PUBLIC)
        .body(events.list(status, from, to, PageRequest.of(page, size)));
  }

  @GetMapping("/{eventId}")
  ResponseEntity<EventView> get(
      @PathVariable long eventId,
      @RequestHeader(name = HttpHeaders.IF_NONE_MATCH, required = false) String ifNoneMatch) {
    EventView event = catalog.get(eventId);
    String entityTag = "\"" + event.version() + "\"";
    return ConditionalRequests.matchesAny(ifNoneMatch)
        ? ResponseEntity.status(HttpStatus.NOT_MODIFIED)
            .cacheControl(PUBLIC)
            .eTag(entityTag)
            .build()
        : ResponseEntity.ok().cacheControl(PUBLIC).eTag(entityTag).body(event);
  }

  @PostMapping
  ResponseEntity<EventView> create(@Valid @RequestBody EventRequest request) {
    request.validate();
    EventView event = events.create(request);
    return ResponseEntity.created(URI.create("/api/v1/events/" + event.eventId())).body(event);
  }

  @PutMapping("/{eventId}")
  EventView change(
      @AuthenticationPrincipal AuthenticatedUser user,
      @PathVariable long eventId,
      @Valid @RequestBody EventRequest request) {
    request.validate();
    return events.change(user, eventId, request);
  }

  @DeleteMapping("/{eventId}")
  ResponseEntity<Void> cancel(@PathVariable long eventId) {
    events.cancel(eventId);
    return ResponseEntity.noContent().build();
  }
}
