package ticketing.worker.lock;

import org.springframework.dao.TransientDataAccessException;

/// Another worker holds the lock of the event for longer than this one may wait. Try again.
final class ConcurrentReservationException extends TransientDataAccessException {
  private static final long serialVersionUID = 1L;

  ConcurrentReservationException(String lock) {
    super("another worker holds " + lock);
  }
}
