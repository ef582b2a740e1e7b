package ticketing.worker.lock;

import org.springframework.dao.TransientDataAccessException;

/// Another worker held the lock of the event for longer than the maximum wait. A retry may succeed.
final class ConcurrentReservationException extends TransientDataAccessException {
  private static final long serialVersionUID = 1L;

  ConcurrentReservationException(String lock) {
    super("another worker holds " + lock);
  }
}
