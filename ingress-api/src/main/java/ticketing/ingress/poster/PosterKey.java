package ticketing.ingress.poster;

import java.util.regex.Pattern;

/// Name of an image in a [PosterStore]. Each upload has its own revision, so an image never
/// changes, and the deletion of one upload never removes the image of another.
///
/// @param revision 32 hexadecimal digits
record PosterKey(long eventId, String revision) {

  private static final Pattern REVISION = Pattern.compile("[0-9a-f]{32}");

  PosterKey {
    if (!REVISION.matcher(revision).matches()) {
      throw new IllegalArgumentException("not a revision of a poster: " + revision);
    }
  }

  /// Path below the folder or bucket of the store.
  String path() {
    return "posters/" + eventId + "/" + revision + ".jpg";
  }
}
