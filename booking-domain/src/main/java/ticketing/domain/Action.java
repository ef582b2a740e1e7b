package ticketing.domain;

/// What a ticket's command asks for. `CHANGE_SEATS` is an administrator's change of what is on
/// sale; it passes through the queue like the others because it writes seats.
public enum Action {
  BOOK,
  CONFIRM,
  CANCEL,
  CHANGE_SEATS
}
