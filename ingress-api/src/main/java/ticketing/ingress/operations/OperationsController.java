package ticketing.ingress.operations;

import java.time.Duration;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.ingress.cache.RedisCache;
import ticketing.ingress.event.EventAdminService;
import ticketing.ingress.event.EventCatalog;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.redis.RedisUnavailableException;

/// For those who run the system.
@RestController
@RequestMapping(path = "/api/v1/operations", produces = MediaType.APPLICATION_JSON_VALUE)
public class OperationsController {

  private static final Duration RETRY = Duration.ofSeconds(2);

  private final QueueAdminService queue;
  private final EventAdminService office;
  private final EventCatalog catalog;
  private final RedisCache copies;

  OperationsController(
      QueueAdminService queue, EventAdminService office, EventCatalog catalog, RedisCache copies) {
    this.queue = queue;
    this.office = office;
    this.catalog = catalog;
    this.copies = copies;
  }

  @GetMapping("/queue")
  QueueAdminService.Figures queue() {
    return queue.figures();
  }

  @GetMapping("/dead-letters")
  QueueAdminService.DeadLetterList deadLetters() {
    return queue.deadLetters();
  }

  @PostMapping("/dead-letters/redrive")
  QueueAdminService.Redrive redrive() {
    return queue.redrive();
  }

  /// @param evicted how many copies there were
  public record Eviction(long evicted) {}

  /// After a change of many rows that was made in the database itself.
  @PostMapping("/caches/eviction")
  Eviction evict() {
    catalog.forget();
    try {
      return new Eviction(copies.evictAll());
    } catch (RedisUnavailableException e) {
      throw ApiException.retry(
          ErrorCode.CACHE_UNAVAILABLE, "The copies cannot be removed right now.", RETRY);
    }
  }

  @PostMapping("/events/{eventId}/pause")
  EventView pause(@PathVariable long eventId) {
    return office.turn(eventId, EventStatus.PAUSED);
  }

  @PostMapping("/events/{eventId}/resume")
  EventView resume(@PathVariable long eventId) {
    return office.turn(eventId, EventStatus.ACTIVE);
  }
}
