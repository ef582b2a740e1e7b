package ticketing.ingress.audit;

/// Kind of an administrative action. The names are part of the public contract.
public enum AuditAction {
  EVENT_CREATED,
  EVENT_CHANGED,
  EVENT_SEATS_CHANGED,
  EVENT_CANCELLED,
  POSTER_REPLACED,
  POSTER_REMOVED,
  SALE_PAUSED,
  SALE_RESUMED,
  RESERVATION_CANCELLED,
  /// A user read the names and emails of all buyers of an event.
  RESERVATIONS_EXPORTED,
  DEAD_LETTER_REDRIVEN,
  DEAD_LETTERS_REDRIVEN,
  DEAD_LETTER_DISCARDED,
  CACHES_EVICTED,
  ROLE_CHANGED,
  /// Appointment of the account that the setting of the first administrator names.
  ADMINISTRATOR_NAMED
}
