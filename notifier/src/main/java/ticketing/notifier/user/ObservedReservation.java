package ticketing.notifier.user;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import ticketing.userfeed.UserChange.ReservationEnded.Ending;

/// Reservation of a feed with an end to report: a hold, or a reservation whose end was published.
/// Guarded by its feed.
final class ObservedReservation {

  /// Time of `HOLD_ENDING` ahead of the end.
  static final Duration WARNING = Duration.ofSeconds(60);

  private static final Duration EXPIRY_DELAY = Duration.ofMillis(500);
  private static final Duration MIN_RETRY_DELAY = Duration.ofSeconds(1);
  private static final Duration MAX_RETRY_DELAY = Duration.ofSeconds(30);

  /// Look-ups of a published end without effect, after which it is ignored.
  private static final int MAX_ATTEMPTS = 10;

  private @Nullable Instant expiresAt;
  private @Nullable Ending publishedEnd;
  private boolean warned;
  private boolean lookupInFlight;
  private int attempts;
  private Instant dueAt;

  ObservedReservation(Instant now) {
    this.dueAt = now;
  }

  /// Sets the end of the hold.
  void holdUntil(Instant end) {
    if (!end.equals(expiresAt)) {
      expiresAt = end;
      attempts = 0;
      dueAt = nextDue();
    }
  }

  void onPublishedEnd(Ending ending, Instant now) {
    publishedEnd = ending;
    attempts = 0;
    dueAt = now;
  }

  Optional<Ending> publishedEnd() {
    return Optional.ofNullable(publishedEnd);
  }

  /// True if the reservation is to be looked up now. The caller then starts the look-up.
  boolean beginLookupIfDue(Instant now) {
    if (lookupInFlight || now.isBefore(dueAt)) {
      return false;
    }
    lookupInFlight = true;
    return true;
  }

  /// The reservation is still held.
  ///
  /// @return true if `HOLD_ENDING` is due; it is so once
  boolean onHeld(Instant now) {
    boolean due =
        !warned
            && expiresAt != null
            && now.isBefore(expiresAt)
            && !now.isBefore(expiresAt.minus(WARNING));
    warned |= due;
    if (due) {
      lookupInFlight = false;
      attempts = 0;
      dueAt = publishedEnd == null ? nextDue() : retryAt(now);
    } else {
      onNoResult(now);
    }
    return due;
  }

  /// The look-up failed, or the expected end is not visible yet.
  ///
  /// @return false if the end is to be ignored
  boolean onNoResult(Instant now) {
    lookupInFlight = false;
    attempts++;
    dueAt = retryAt(now);
    return publishedEnd == null || attempts < MAX_ATTEMPTS;
  }

  private Instant nextDue() {
    return warned ? expiresAt.plus(EXPIRY_DELAY) : expiresAt.minus(WARNING);
  }

  private Instant retryAt(Instant now) {
    Duration delay = MIN_RETRY_DELAY.multipliedBy(1L << Math.min(attempts, 5));
    return now.plus(delay.compareTo(MAX_RETRY_DELAY) > 0 ? MAX_RETRY_DELAY : delay);
  }
}
