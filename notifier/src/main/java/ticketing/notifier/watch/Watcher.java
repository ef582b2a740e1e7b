package ticketing.notifier.watch;

/// Subscription of one connection to the state of one event.
public interface Watcher {

  /// Sends the newest state unless the client has it or the frame interval has not passed.
  ///
  /// @return false if a frame remains to be sent
  boolean sendIfDue();

  /// Informs the client that the event does not exist.
  void rejectUnknownEvent();
}
