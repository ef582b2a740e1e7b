package ticketing.ingress.event;

import java.util.List;
import org.jspecify.annotations.Nullable;
import ticketing.domain.EventView;

/// Entity tag of an event: `"<revision>-<version>"`. Every change of the event changes the version.
///
/// A change with `If-Match` requires the revision of the tag only. Bookings change the seats, which
/// no request overwrites, so they do not conflict with an edit.
record EventTag(long revision, long version) {

  static EventTag of(EventView event) {
    return new EventTag(event.revision(), event.version());
  }

  /// Returns false if no tag of the header is one of the current revision. Weak tags never match.
  ///
  /// @param ifMatch values of the request header; null if absent
  boolean satisfies(@Nullable List<String> ifMatch) {
    if (ifMatch == null) {
      return true;
    }
    return ifMatch.stream()
        .flatMap(value -> List.of(value.split(",")).stream())
        .map(String::strip)
        .anyMatch(tag -> tag.equals("*") || tag.matches("\"" + revision + "-[0-9]+\""));
  }

  @Override
  public String toString() {
    return "\"" + revision + '-' + version + '"';
  }
}
