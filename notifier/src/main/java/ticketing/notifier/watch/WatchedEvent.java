package ticketing.notifier.watch;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/// Event with at least one watcher. A subclass has its newest state.
public abstract class WatchedEvent<W extends Watcher> {

  private final long eventId;
  private final Set<W> watchers = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean lookupInFlight = new AtomicBoolean();
  private volatile boolean frameDue;

  protected WatchedEvent(long eventId) {
    this.eventId = eventId;
  }

  public final long eventId() {
    return eventId;
  }

  /// True until the first read.
  public abstract boolean isUnread();

  /// A watcher requires a frame, for example of a changed state.
  public final void requireFrame() {
    frameDue = true;
  }

  /// Sends the state to every watcher after its frame interval.
  public final void sendToWatchers() {
    frameDue = false;
    for (W watcher : watchers) {
      if (!watcher.sendIfDue()) {
        frameDue = true;
      }
    }
  }

  Set<W> watchers() {
    return watchers;
  }

  /// True while a watcher has not received the newest state.
  boolean isFrameDue() {
    return frameDue;
  }

  /// @return false if a look-up at ingress-api is in flight already
  boolean beginLookup() {
    return lookupInFlight.compareAndSet(false, true);
  }

  void endLookup() {
    lookupInFlight.set(false);
  }
}
