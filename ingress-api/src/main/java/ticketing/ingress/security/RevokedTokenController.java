package ticketing.ingress.security;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import ticketing.security.RevokedToken;
import ticketing.security.RevokedTokens;

/// Revoked access tokens, for the notifier, which has no database. The ids are digests and disclose
/// no token. The answer is read from memory.
@RestController
class RevokedTokenController {

  private static final int MAX_SECONDS = 3_600;
  private static final int PAGE_SIZE = 1_000; // tokens

  private final RevokedTokens revokedTokens;

  RevokedTokenController(RevokedTokens revokedTokens) {
    this.revokedTokens = revokedTokens;
  }

  /// @param complete false: this instance does not know all revocations of the requested time, or
  ///   the page is not the last one
  record RevokedTokenPage(List<RevokedToken> content, boolean complete) {}

  /// @param within seconds; null: a page of all revocations
  /// @param after last id of the previous page
  @GetMapping(path = "/api/v1/revoked-tokens", produces = MediaType.APPLICATION_JSON_VALUE)
  ResponseEntity<RevokedTokenPage> list(
      @RequestParam(required = false) @Min(1) @Max(MAX_SECONDS) @Nullable Integer within,
      @RequestParam(required = false) @Nullable UUID after) {
    return ResponseEntity.ok()
        .cacheControl(CacheControl.noStore())
        .body(within == null ? page(after) : recent(Duration.ofSeconds(within)));
  }

  private RevokedTokenPage page(@Nullable UUID after) {
    List<RevokedToken> page = revokedTokens.after(after, PAGE_SIZE);
    return new RevokedTokenPage(page, page.size() < PAGE_SIZE);
  }

  private RevokedTokenPage recent(Duration within) {
    List<RevokedToken> learned = revokedTokens.learnedWithin(within).orElse(null);
    return learned == null || learned.size() > PAGE_SIZE
        ? new RevokedTokenPage(List.of(), false)
        : new RevokedTokenPage(learned, true);
  }
}
