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
import ticketing.ingress.audit.AuditAction;
import ticketing.ingress.audit.AuditLog;

/// Operator calls for dead letters.
@RestController
@RequestMapping(
    path = "/api/v1/operations/dead-letters",
    produces = MediaType.APPLICATION_JSON_VALUE)
class DeadLetterController {

  /// The path `/redrive` is no message, so that it supports POST only.
  private static final String MESSAGE = "/{messageId:(?!redrive$)[A-Za-z0-9_-]+}";

  private final DeadLetterService deadLetters;
  private final AuditLog audit;

  DeadLetterController(DeadLetterService deadLetters, AuditLog audit) {
    this.deadLetters = deadLetters;
    this.audit = audit;
  }

  @GetMapping
  DeadLetterService.DeadLetterList list() {
    return deadLetters.list();
  }

  @PostMapping("/redrive")
  DeadLetterService.Redrive redriveAll() {
    audit.record(AuditAction.DEAD_LETTERS_REDRIVEN, "dead-letters", null, null);
    return deadLetters.redrive();
  }

  @PostMapping(MESSAGE + "/redrive")
  DeadLetterService.Redrive redrive(@PathVariable String messageId) {
    audit.record(AuditAction.DEAD_LETTER_REDRIVEN, object(messageId), null, null);
    return deadLetters.redrive(messageId);
  }

  @DeleteMapping(MESSAGE)
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void discard(@PathVariable String messageId) {
    audit.record(AuditAction.DEAD_LETTER_DISCARDED, object(messageId), null, null);
    deadLetters.discard(messageId);
  }

  /// A message id of SQS has at most 100 characters.
  private static String object(String messageId) {
    return "dead-letters/" + messageId.substring(0, Math.min(messageId.length(), 100));
  }
}
