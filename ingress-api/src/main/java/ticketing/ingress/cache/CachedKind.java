package ticketing.ingress.cache;

import java.util.Locale;

/// Kind of a cached object: the first part of its Redis key.
public enum CachedKind {
  EVENT,
  EVENT_INFORMATION,
  USER,
  RESERVATION;

  String prefix() {
    return name().toLowerCase(Locale.ROOT);
  }
}
