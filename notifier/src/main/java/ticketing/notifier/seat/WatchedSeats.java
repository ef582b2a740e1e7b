package ticketing.notifier.seat;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import ticketing.domain.Json;
import ticketing.domain.seatmap.SeatsView;
import ticketing.notifier.watch.WatchedEvent;

/// Event with at least one watcher, and its newest bitmaps. Changes are numbered, so that a frame
/// has exactly the sections that changed since the last frame of its watcher.
final class WatchedSeats extends WatchedEvent<SeatWatcher> {

  /// Number of the state ahead of the first read.
  static final long UNREAD = 0;

  /// @param version version of the event with this bitmap
  /// @param change number of the change to this bitmap
  private record Section(String bitmap, long version, long change) {}

  private record Frame(long eventId, int revision, Map<String, String> sections) {}

  private final Map<String, Section> sections = new LinkedHashMap<>(); // guarded by this
  private final Map<Long, String> frames = new HashMap<>(); // by first change; guarded by this
  private int revision; // guarded by this
  private volatile long change = UNREAD;

  WatchedSeats(long eventId) {
    super(eventId);
  }

  @Override
  public boolean isUnread() {
    return change == UNREAD;
  }

  /// Number of the last change; [#UNREAD] until the first read.
  long change() {
    return change;
  }

  /// Accepts all sections or the changed ones. Sections of an older version or of an earlier map
  /// are ignored. Changed sections alone do not replace the unread state.
  synchronized void update(SeatsView seats, boolean complete) {
    if (seats.revision() < revision || revision == 0 && !complete) {
      return;
    }
    if (seats.revision() > revision) {
      // After a new map, all sections are published.
      revision = seats.revision();
      sections.clear();
    }
    apply(seats);
  }

  /// Accepts all sections from a look-up, which have no version.
  ///
  /// @param expected number of the last change when the look-up began; a later change is kept
  synchronized void updateFromLookup(SeatsView seats, long expected) {
    if (change == expected) {
      update(seats, true);
    }
  }

  private void apply(SeatsView seats) {
    long next = change + 1;
    boolean changed = false;
    for (Map.Entry<String, String> entry : seats.sections().entrySet()) {
      Section known = sections.get(entry.getKey());
      // A look-up has the version 0 and is newer.
      if (known == null
          || (seats.version() == 0 || seats.version() >= known.version())
              && !known.bitmap().equals(entry.getValue())) {
        sections.put(entry.getKey(), new Section(entry.getValue(), seats.version(), next));
        changed = true;
      }
    }
    if (changed) {
      frames.clear();
      change = next;
      requireFrame();
    }
  }

  /// Returns the frame with the sections that changed after a change. One frame is created for all
  /// watchers with the same last change.
  synchronized String frameAfter(long sentChange) {
    return frames.computeIfAbsent(
        sentChange,
        sent -> {
          Map<String, String> changed = new LinkedHashMap<>();
          sections.forEach((name, section) -> {
            if (section.change() > sent) {
              changed.put(name, section.bitmap());
            }
          });
          return Json.INTERNAL.writeValueAsString(new Frame(eventId(), revision, changed));
        });
  }
}
