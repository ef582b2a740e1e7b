package ticketing.ingress;

import java.time.Duration;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.RedisUnavailable;

/// For those who run the system.
@RestController
@RequestMapping(path = "/api/v1/operations", produces = MediaType.APPLICATION_JSON_VALUE)
class OperationsController {

  private static final Duration RETRY = Duration.ofSeconds(2);

  private final QueueDesk queue;
  private final EventOffice office;
  private final EventCatalog catalog;
  private final Copies copies;

  OperationsController(QueueDesk queue, EventOffice office, EventCatalog catalog, Copies copies) {
    this.queue = queue;
    this.office = office;
    this.catalog = catalog;
    this.copies = copies;
  }

  @GetMapping("/queue")
  QueueDesk.Figures queue() {
    return queue.figures();
  }

  @GetMapping("/dead-letters")
  QueueDesk.DeadLetterList deadLetters() {
    return queue.deadLetters();
  }

  @PostMapping("/dead-letters/redrive")
  QueueDesk.Redrive redrive() {
    return queue.redrive();
  }

  /// @param evicted how many copies there were
  record Eviction(long evicted) {}

  /// After a change of many rows that was made in the database itself.
  @PostMapping("/caches/eviction")
  Eviction evict() {
    catalog.forget();
    try {
      return new Eviction(copies.evictAll());
    } catch (RedisUnavailable e) {
      throw Problem.retry(
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
