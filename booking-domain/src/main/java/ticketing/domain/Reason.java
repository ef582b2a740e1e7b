package ticketing.domain;

/// Why a ticket was rejected. The names are part of the public contract.
public enum Reason {
  SOLD_OUT,
  EVENT_NOT_FOUND,
  SEAT_TYPE_NOT_FOUND,
  SALE_NOT_OPEN,
  SALE_CLOSED,
  EVENT_CANCELLED,
  LIMIT_EXCEEDED,
  RESERVATION_NOT_FOUND,
  NOT_CANCELLABLE,
  NOT_CONFIRMABLE,
  HOLD_EXPIRED,
  /// An administrator's change would have taken seats that are sold or held.
  SEATS_SOLD,
  /// It could not be processed and lies with the dead letters. The one final state that a later
  /// redrive may replace by a real decision.
  GAVE_UP
}
