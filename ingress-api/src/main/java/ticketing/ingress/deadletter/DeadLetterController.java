package ticketing.ingress.deadletter;

import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/// Operator calls for dead letters.
@RestController
@RequestMapping(
    path = "/api/v1/operations/dead-letters",
    produces = MediaType.APPLICATION_JSON_VALUE)
class DeadLetterController {

  /// The path `/redrive` is no message, so that it supports POST only.
  private static final String MESSAGE = "/{messageId:(?!redrive$).*}";

  private final DeadLetterService deadLetters;

  DeadLetterController(DeadLetterService deadLetters) {
    this.deadLetters = deadLetters;
  }

  @GetMapping
  DeadLetterService.DeadLetterList list() {
    return deadLetters.list();
  }

  @PostMapping("/redrive")
  DeadLetterService.Redrive redriveAll() {
    return deadLetters.redrive();
  }

  @PostMapping(MESSAGE + "/redrive")
  DeadLetterService.Redrive redrive(@PathVariable String messageId) {
    return deadLetters.redrive(messageId);
  }

  @DeleteMapping(MESSAGE)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void discard(@PathVariable String messageId) {
    deadLetters.discard(messageId);
  }
}
