package ticketing.domain.seatmap;

import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/// Bitmaps of an event with numbered seats, as Redis stores and publishes them.
///
/// @param revision number of the seat map
/// @param version version of the event with these bitmaps. Publications may arrive in another
///   order: a section with a lower version is older.
/// @param sections complete bitmap of each section in base64, by name
public record SeatsView(long eventId, int revision, long version, Map<String, String> sections) {

  public SeatsView {
    sections = Collections.unmodifiableMap(new LinkedHashMap<>(sections));
  }

  /// Change of the bitmaps of an event.
  ///
  /// @param all all sections after the change
  /// @param changed the changed sections only; after a new map, all sections
  public record Change(SeatsView all, SeatsView changed) {

    /// Returns this change and a later one of the same event.
    public Change followedBy(Change next) {
      Set<String> names = new HashSet<>(next.changed().sections().keySet());
      if (next.all().revision() == all.revision()) {
        names.addAll(changed.sections().keySet());
      }
      return new Change(next.all(), next.all().only(names));
    }
  }

  /// Returns all sections.
  public static SeatsView of(long eventId, int revision, long version, SeatBitmap bitmap) {
    Map<String, String> sections = new LinkedHashMap<>();
    for (int ordinal = 0; ordinal < bitmap.map().sections().size(); ordinal++) {
      sections.put(bitmap.map().sections().get(ordinal).name(), bitmap.sectionAsBase64(ordinal));
    }
    return new SeatsView(eventId, revision, version, sections);
  }

  /// Returns the view with these sections only.
  public SeatsView only(Collection<String> names) {
    Map<String, String> kept = new LinkedHashMap<>(sections);
    kept.keySet().retainAll(names);
    return new SeatsView(eventId, revision, version, kept);
  }
}
