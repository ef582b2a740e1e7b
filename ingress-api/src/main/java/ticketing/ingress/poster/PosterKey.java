package ticketing.ingress.poster;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Name of an image in a [PosterStore]. Each upload has its own revision, so an image never
/// changes, and the deletion of one upload never removes the image of another.
///
/// @param revision 32 hexadecimal digits
/// @param width one of [#WIDTHS], or [#FULL]
record PosterKey(long eventId, String revision, int width) {

  /// Widths of the smaller variants of a poster, in pixels, ascending.
  static final List<Integer> WIDTHS = List.of(480, 960);

  /// Width of the image with its own size.
  static final int FULL = 0;

  /// Start of all paths.
  static final String PREFIX = "posters/";

  private static final Pattern REVISION = Pattern.compile("[0-9a-f]{32}");
  private static final Pattern PATH =
      Pattern.compile(PREFIX + "([0-9]{1,18})/([0-9a-f]{32})(?:-([0-9]{1,5}))?\\.jpg");

  PosterKey {
    if (!REVISION.matcher(revision).matches()) {
      throw new IllegalArgumentException("not a revision of a poster: " + revision);
    }
    if (width != FULL && !WIDTHS.contains(width)) {
      throw new IllegalArgumentException("not a width of a poster: " + width);
    }
  }

  static PosterKey full(long eventId, String revision) {
    return new PosterKey(eventId, revision, FULL);
  }

  /// Returns empty for a path that no poster has.
  static Optional<PosterKey> parse(String path) {
    Matcher matcher = PATH.matcher(path);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    int width = matcher.group(3) == null ? FULL : Integer.parseInt(matcher.group(3));
    return width == FULL || WIDTHS.contains(width)
        ? Optional.of(new PosterKey(Long.parseLong(matcher.group(1)), matcher.group(2), width))
            // A path such as `7/…-0480.jpg` is another object.
            .filter(key -> key.path().equals(path))
        : Optional.empty();
  }

  PosterKey withWidth(int other) {
    return new PosterKey(eventId, revision, other);
  }

  /// Keys of all images of the upload. The full image is the last.
  List<PosterKey> all() {
    return Stream.concat(WIDTHS.stream(), Stream.of(FULL)).map(this::withWidth).toList();
  }

  /// Path below the folder or bucket of the store.
  String path() {
    return PREFIX + eventId + "/" + revision + (width == FULL ? "" : "-" + width) + ".jpg";
  }
}
