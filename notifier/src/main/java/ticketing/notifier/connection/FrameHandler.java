package ticketing.notifier.connection;

/// Protocol of one connection. Calls to [#onFrame] do not overlap.
public interface FrameHandler {

  /// Handler of a connection that the server is about to close.
  FrameHandler CLOSING =
      new FrameHandler() {
        @Override
        public void onFrame(String frame) {}

        @Override
        public void onClose() {}
      };

  void onFrame(String frame) throws InterruptedException;

  /// The connection is closed; frames sent from now on are discarded. May be called more than once.
  void onClose();
}
