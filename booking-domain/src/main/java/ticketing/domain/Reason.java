package ticketing.domain;

/// Reason of a rejected ticket. The names are part of the public contract.
public enum Reason {
  SOLD_OUT,
  /// A requested seat is not on sale now.
  SEATS_TAKEN,
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
  /// The seats of a request for the waiting list are on sale now.
  SEATS_AVAILABLE,
  /// The user has an entry in the waiting list of the event already.
  ALREADY_WAITING,
  /// The entry of the waiting list has ended, for example by an offer.
  NOT_WAITING,
  /// The event has no waiting list.
  NO_WAITING_LIST,
  /// An administrator's change would have taken seats that are sold or held.
  SEATS_SOLD,
  /// An administrator's change is based on an older revision of the event.
  REVISION_CONFLICT,
  /// Processing failed permanently; the message is in the dead-letter queue. A decision after a
  /// redrive may replace this reason, and only this one.
  GAVE_UP
}
