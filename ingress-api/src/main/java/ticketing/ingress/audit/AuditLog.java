package ticketing.ingress.audit;

import java.time.Clock;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.stereotype.Component;
import ticketing.domain.Json;
import ticketing.ingress.security.AuthenticatedUser;

/// Records administrative actions in the table `audit_log`.
///
/// An action with a transaction is recorded in it. An action without one is recorded first, so no
/// action is missing. An entry without effect is possible if the action failed afterwards.
@Component
public class AuditLog {

  /// Actor of an action that no request caused.
  private static final String SYSTEM = "system";

  static final int MAX_OBJECT_LENGTH = 200; // characters

  private static final int MAX_VALUE_LENGTH = 4_000; // characters

  private final AuditRepository repository;
  private final Clock clock;

  AuditLog(AuditRepository repository, Clock clock) {
    this.repository = repository;
    this.clock = clock;
  }

  /// Records an action of the authenticated user of this thread.
  ///
  /// @param object path of the changed resource below `/api/v1`, without a leading slash
  /// @param oldValue stored as JSON, cut to 4,000 characters; null: none
  /// @throws org.springframework.dao.DataAccessException if the database is unavailable; then the
  ///   action must not happen
  public void record(
      AuditAction action, String object, @Nullable Object oldValue, @Nullable Object newValue) {
    repository.save(
        new AuditEntity(
            clock.instant().truncatedTo(ChronoUnit.MICROS),
            actor(),
            action,
            object,
            text(oldValue),
            text(newValue)));
  }

  /// Returns true if the action on the object is recorded.
  public boolean contains(AuditAction action, String object) {
    return repository.count(object, action) > 0;
  }

  private static String actor() {
    Authentication authentication = SecurityContextHolder.getContext().getAuthentication();
    return authentication != null && authentication.getPrincipal() instanceof AuthenticatedUser user
        ? user.userId()
        : SYSTEM;
  }

  private static @Nullable String text(@Nullable Object value) {
    if (value == null) {
      return null;
    }
    String json = Json.INTERNAL.writeValueAsString(value);
    if (json.length() <= MAX_VALUE_LENGTH) {
      return json;
    }
    // Half of a surrogate pair cannot be stored.
    boolean splitsPair = Character.isHighSurrogate(json.charAt(MAX_VALUE_LENGTH - 1));
    return json.substring(0, splitsPair ? MAX_VALUE_LENGTH - 1 : MAX_VALUE_LENGTH);
  }
}
