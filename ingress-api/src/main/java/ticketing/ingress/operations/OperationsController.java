package ticketing.ingress.operations;

import java.time.Duration;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import ticketing.domain.EventStatus;
import ticketing.ingress.audit.AuditAction;
import ticketing.ingress.audit.AuditLog;
import ticketing.ingress.cache.RedisCache;
import ticketing.ingress.event.EventAdminService;
import ticketing.ingress.event.EventCatalog;
import ticketing.ingress.information.EventDocument;
import ticketing.ingress.information.EventInformationCatalog;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.redis.RedisUnavailableException;

/// Operator calls: queue, caches, pause and resume.
@RestController
@RequestMapping(path = "/api/v1/operations", produces = MediaType.APPLICATION_JSON_VALUE)
class OperationsController {

  private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

  private final QueueAdminService queue;
  private final EventAdminService events;
  private final EventCatalog catalog;
  private final EventInformationCatalog information;
  private final RedisCache cache;
  private final AuditLog audit;

  OperationsController(
      QueueAdminService queue,
      EventAdminService events,
      EventCatalog catalog,
      EventInformationCatalog information,
      RedisCache cache,
      AuditLog audit) {
    this.queue = queue;
    this.events = events;
    this.catalog = catalog;
    this.information = information;
    this.cache = cache;
    this.audit = audit;
  }

  @GetMapping("/queue")
  QueueAdminService.Figures readQueue() {
    return queue.figures();
  }

  /// @param evicted number of cache entries removed
  record Eviction(long evicted) {}

  /// For use after a change made directly in the database.
  @PostMapping("/caches/eviction")
  Eviction evict() {
    audit.record(AuditAction.CACHES_EVICTED, "operations/caches", null, null);
    catalog.evictLocalCache();
    information.evictLocalCache();
    try {
      return new Eviction(cache.evictAll());
    } catch (RedisUnavailableException e) {
      throw ApiException.withRetryAfter(
          ErrorCode.CACHE_UNAVAILABLE, "The cache cannot be evicted now.", RETRY_AFTER);
    }
  }

  @PostMapping("/events/{eventId}/pause")
  EventDocument pause(@PathVariable long eventId) {
    return information.document(events.setStatus(eventId, EventStatus.PAUSED));
  }

  @PostMapping("/events/{eventId}/resume")
  EventDocument resume(@PathVariable long eventId) {
    return information.document(events.setStatus(eventId, EventStatus.ACTIVE));
  }
}
