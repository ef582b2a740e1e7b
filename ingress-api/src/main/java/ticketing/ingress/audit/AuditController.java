package ticketing.ingress.audit;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.PageRequest;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import ticketing.domain.Command;
import ticketing.ingress.http.PageResponse;
import ticketing.ingress.text.CodePoints;

/// Reads the audit log.
@RestController
class AuditController {

  private final AuditRepository repository;

  AuditController(AuditRepository repository) {
    this.repository = repository;
  }

  /// @param oldValue JSON, cut to 4,000 characters; null: none
  /// @param newValue JSON, cut to 4,000 characters; null: none
  record AuditEntry(
      long entryId,
      Instant recordedAt,
      String actor,
      AuditAction action,
      String object,
      @Nullable String oldValue,
      @Nullable String newValue) {}

  @GetMapping(path = "/api/v1/operations/audit", produces = MediaType.APPLICATION_JSON_VALUE)
  PageResponse<AuditEntry> list(
      @RequestParam(required = false) @CodePoints(min = 1, max = Command.MAX_USER_ID)
          @Nullable String actor,
      @RequestParam(required = false) @Nullable AuditAction action,
      @RequestParam(required = false) @CodePoints(min = 1, max = AuditLog.MAX_OBJECT_LENGTH)
          @Nullable String object,
      @RequestParam(defaultValue = "0") @Min(0) @Max(PageResponse.MAX_PAGE_NUMBER) int page,
      @RequestParam(defaultValue = "20") @Min(1) @Max(PageResponse.MAX_PAGE_SIZE) int size) {
    return PageResponse.of(
        repository.find(actor, action, object, PageRequest.of(page, size)), AuditEntity::entry);
  }
}
