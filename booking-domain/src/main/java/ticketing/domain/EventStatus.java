package ticketing.domain;

/// Whether an event sells: `PAUSED` is an operator's temporary stop, `CANCELLED` is for ever.
public enum EventStatus {
  ACTIVE,
  PAUSED,
  CANCELLED
}
