package ticketing.ingress;

import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;

/// For those who run the system.
@RestController
@RequestMapping("/api/v1/operations")
class OperationsController {

  private final QueueDesk queue;
  private final EventOffice office;

  OperationsController(QueueDesk queue, EventOffice office) {
    this.queue = queue;
    this.office = office;
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

  @PostMapping("/events/{eventId}/pause")
  EventView pause(@PathVariable long eventId) {
    return office.turn(eventId, EventStatus.PAUSED);
  }

  @PostMapping("/events/{eventId}/resume")
  EventView resume(@PathVariable long eventId) {
    return office.turn(eventId, EventStatus.ACTIVE);
  }
}
