package ticketing.domain;

/// Sale status of an event. `PAUSED` is an operator's temporary stop, `CANCELLED` is permanent.
public enum EventStatus {
  ACTIVE,
  PAUSED,
  CANCELLED
}
