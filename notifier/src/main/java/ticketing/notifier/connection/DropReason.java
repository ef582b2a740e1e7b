package ticketing.notifier.connection;

import java.util.Locale;

/// Why this process gave up a socket.
enum DropReason {
  /// The client reads too slowly.
  SLOW,
  /// The client did not answer pings.
  SILENT,
  /// There were too many sockets already.
  ROOM;

  String tag() {
    return name().toLowerCase(Locale.ROOT);
  }
}
