package ticketing.notifier.connection;

/// What one socket is for. Frames arrive one after the other, never two at a time.
public interface FrameHandler {

  /// A conversation in which there is nothing to be said, as the socket is about to close.
  FrameHandler OVER =
      new FrameHandler() {
        @Override
        public void received(String frame) {}

        @Override
        public void closed() {}
      };

  void received(String frame) throws InterruptedException;

  /// The socket has gone and nothing can be sent any more. May be called more than once.
  void closed();
}
