package ticketing.worker.maintenance;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.validation.annotation.Validated;

/// Retention of old rows.
///
/// @param pause time between two batches of a worker
/// @param idleInterval time between two searches for old rows
/// @param batchSize maximum number of rows removed in one transaction
/// @param pastEvents age of an event and of a decision at which the tickets and reservations of the
///   event are removed; at least 32 days
/// @param removedTickets age at which the id of a removed ticket is deleted; its owner then reads
///   it as pending
/// @param deadLetters age at which the record of a dead letter is deleted; at least 15 days
@Validated
@ConfigurationProperties("ticketing.worker.retention")
record RetentionSettings(
    @NotNull Duration pause,
    @NotNull Duration idleInterval,
    @Min(1) @Max(5000) int batchSize,
    @NotNull Duration pastEvents,
    @NotNull Duration removedTickets,
    @NotNull Duration deadLetters) {

  /// Lifetime of a message with one redrive: 14 days until its end in the dead-letter queue, 4 days
  /// in the queue and 14 days in the dead-letter queue again.
  static final Duration MIN_PAST_EVENTS = Duration.ofDays(32);

  /// Longest retention of the dead-letter queue, and a day.
  static final Duration MIN_DEAD_LETTERS = Duration.ofDays(15);

  RetentionSettings {
    requireAtLeast(MIN_PAST_EVENTS, pastEvents, "past-events");
    requireAtLeast(MIN_DEAD_LETTERS, deadLetters, "dead-letters");
  }

  private static void requireAtLeast(Duration min, Duration value, String name) {
    if (value != null && value.compareTo(min) < 0) {
      throw new IllegalArgumentException(
          "ticketing.worker.retention." + name + " must be at least " + min.toDays() + " days");
    }
  }
}
