package ticketing.ingress.event;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.springframework.data.domain.PageRequest;
import org.springframework.data.domain.Sort;
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
import ticketing.domain.TicketIds;
import ticketing.ingress.command.IdempotencyKey;
import ticketing.ingress.http.ConditionalRequests;
import ticketing.ingress.http.PageResponse;
import ticketing.ingress.information.EventDocument;
import ticketing.ingress.information.EventInformationCatalog;
import ticketing.ingress.information.ListedEvent;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.security.AuthenticatedUser;
import ticketing.ingress.text.CodePoints;

/// Events. Reads are public, changes need an administrator.
@RestController
@RequestMapping(path = "/api/v1/events", produces = MediaType.APPLICATION_JSON_VALUE)
class EventController {

  /// Shared caches answer a rush of readers.
  private static final CacheControl PUBLIC =
      CacheControl.maxAge(Duration.ofSeconds(1)).cachePublic();

  /// Orders of the list. Events of one rank are ordered by their id.
  private enum Order {
    BY_DATE("eventDate", Sort.by("eventDate", "id")),
    LATEST_DATE_FIRST("-eventDate", Sort.by("eventDate", "id").descending()),
    /// Events without an opening are the first: their sale has no start.
    BY_OPENING("saleOpensAt", Sort.by("saleOpensAt", "eventDate", "id")),
    NEWEST_FIRST("-eventId", Sort.by("id").descending());

    private final String parameter;
    private final Sort sort;

    Order(String parameter, Sort sort) {
      this.parameter = parameter;
      this.sort = sort;
    }

    /// @throws ApiException `INVALID_REQUEST` if the parameter names no order
    static Sort of(String parameter) {
      return Arrays.stream(values())
          .filter(order -> order.parameter.equals(parameter))
          .map(order -> order.sort)
          .findFirst()
          .orElseThrow(() -> ApiException.invalid("sort", "must be one of " + parameters()));
    }

    private static List<String> parameters() {
      return Arrays.stream(values()).map(order -> order.parameter).toList();
    }
  }

  private final EventCatalog catalog;
  private final EventAdminService events;
  private final EventInformationCatalog information;
  private final TicketIds ids;

  EventController(
      EventCatalog catalog,
      EventAdminService events,
      EventInformationCatalog information,
      TicketIds ids) {
    this.catalog = catalog;
    this.events = events;
    this.information = information;
    this.ids = ids;
  }

  @GetMapping
  ResponseEntity<PageResponse<ListedEvent>> list(
      @RequestParam(required = false) @CodePoints(max = 100) String q,
      @RequestParam(required = false) EventStatus status,
      @RequestParam(required = false) Instant from,
      @RequestParam(required = false) Instant to,
      @RequestParam(defaultValue = "eventDate") String sort,
      @RequestParam(defaultValue = "0") @Min(0) @Max(PageResponse.MAX_PAGE_NUMBER) int page,
      @RequestParam(defaultValue = "20") @Min(1) @Max(PageResponse.MAX_PAGE_SIZE) int size) {
    return ResponseEntity.ok()
        .cacheControl(PUBLIC)
        .body(events.list(q, status, from, to, PageRequest.of(page, size, Order.of(sort))));
  }

  @GetMapping("/{eventId}")
  ResponseEntity<EventDocument> get(
      @PathVariable long eventId,
      @RequestHeader(name = HttpHeaders.IF_NONE_MATCH, required = false) String ifNoneMatch) {
    EventView event = catalog.get(eventId);
    String entityTag = EventTag.of(event).toString();
    return ConditionalRequests.matchesAny(ifNoneMatch)
        ? ResponseEntity.status(HttpStatus.NOT_MODIFIED)
            .cacheControl(PUBLIC)
            .eTag(entityTag)
            .build()
        : ResponseEntity.ok()
            .cacheControl(PUBLIC)
            .eTag(entityTag)
            .body(information.document(event));
  }

  @PostMapping
  ResponseEntity<EventDocument> create(
      @AuthenticationPrincipal AuthenticatedUser user,
      @RequestHeader(name = IdempotencyKey.HEADER, required = false) String key,
      @Valid @RequestBody EventRequest request) {
    request.requireNoReadOnlyFields();
    IdempotencyKey idempotency =
        IdempotencyKey.of(ids, user.userId(), key, "POST", "/api/v1/events", request);
    EventView event = events.createOnce(request, idempotency);
    return ResponseEntity.created(URI.create("/api/v1/events/" + event.eventId()))
        .body(information.document(event));
  }

  @PutMapping("/{eventId}")
  EventDocument change(
      @AuthenticationPrincipal AuthenticatedUser user,
      @PathVariable long eventId,
      @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) List<String> ifMatch,
      @Valid @RequestBody EventRequest request) {
    return information.document(events.change(user, eventId, request, ifMatch));
  }

  @DeleteMapping("/{eventId}")
  ResponseEntity<Void> cancel(
      @PathVariable long eventId,
      @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) List<String> ifMatch) {
    events.cancel(eventId, ifMatch);
    return ResponseEntity.noContent().build();
  }
}
