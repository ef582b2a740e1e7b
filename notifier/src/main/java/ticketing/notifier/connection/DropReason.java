package ticketing.notifier.connection;

import java.util.Locale;

/// Reasons for which this process drops a connection without sending its unsent frames.
enum DropReason {
  /// The client reads too slowly.
  SLOW,
  /// The client does not answer pings.
  SILENT,
  /// The maximum number of connections is reached.
  ROOM;

  String tag() {
    return name().toLowerCase(Locale.ROOT);
  }
}
