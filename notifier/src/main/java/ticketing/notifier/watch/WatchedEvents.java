package ticketing.notifier.watch;

import java.time.Duration;
import java.util.Collections;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongFunction;
import ticketing.notifier.background.BackgroundThreads;
import ticketing.notifier.ingress.IngressClient.Lookup;

/// Registry of the watched events of one feed. It reads an event when its first watcher arrives,
/// sends due frames, and reads all events again in a sweep, which covers lost messages.
///
/// An event is in the registry while it has a watcher.
public final class WatchedEvents<W extends Watcher, E extends WatchedEvent<W>> {

  /// Maximum number of events that await their first read; the sweep reads further ones.
  private static final int MAX_QUEUED_READS = 1_000;

  /// Steps per frame interval; a frame is late by at most one step.
  private static final int STEPS_PER_FRAME_INTERVAL = 10;

  private final LongFunction<E> newEvent;
  private final Consumer<E> reader;
  private final Map<Long, E> events = new ConcurrentHashMap<>();
  private final BlockingQueue<E> unread = new ArrayBlockingQueue<>(MAX_QUEUED_READS);
  private Iterator<E> sweepPosition = Collections.emptyIterator();

  /// @param newEvent creates an unread event from its id
  /// @param reader reads the newest state of an event and updates it; may block
  public WatchedEvents(LongFunction<E> newEvent, Consumer<E> reader) {
    this.newEvent = newEvent;
    this.reader = reader;
  }

  /// Times of a feed.
  ///
  /// @param frameInterval minimum time between two frames of one event to one connection
  /// @param sweepInterval time between two steps of the sweep
  /// @param maxEventsPerSweep maximum number of events read in one step of the sweep
  public record Intervals(Duration frameInterval, Duration sweepInterval, int maxEventsPerSweep) {}

  /// Returns the event if it has a watcher.
  public Optional<E> find(long eventId) {
    return Optional.ofNullable(events.get(eventId));
  }

  /// Adds a watcher, and sends it the state, or sends it after the first read.
  public W add(long eventId, Function<E, W> newWatcher) {
    AtomicReference<W> added = new AtomicReference<>();
    E event =
        events.compute(
            eventId,
            (id, existing) -> {
              E watched = existing == null ? newEvent.apply(id) : existing;
              W watcher = newWatcher.apply(watched);
              watched.watchers().add(watcher);
              added.set(watcher);
              return watched;
            });
    W watcher = added.get();
    if (event.isUnread()) {
      unread.offer(event);
    } else {
      watcher.sendIfDue();
    }
    return watcher;
  }

  public void remove(E event, W watcher) {
    events.computeIfPresent(
        event.eventId(),
        (id, watched) -> {
          watched.watchers().remove(watcher);
          return watched.watchers().isEmpty() ? null : watched;
        });
  }

  /// Reads an event from ingress-api without blocking, unless such a look-up is in flight.
  ///
  /// @param find starts the look-up of an event id
  /// @param update updates the event by the result
  public <T> void lookUp(E event, BiConsumer<Long, Consumer<Lookup<T>>> find, Consumer<T> update) {
    if (!event.beginLookup()) {
      return;
    }
    find.accept(
        event.eventId(),
        lookup -> {
          event.endLookup();
          switch (lookup) {
            case Lookup.Found<T>(T state) -> {
              update.accept(state);
              event.sendToWatchers();
            }
            case Lookup.NotFound<T>() -> event.watchers().forEach(Watcher::rejectUnknownEvent);
            case Lookup.Failed<T>() -> {}
          }
        });
  }

  /// Starts the threads of the feed.
  ///
  /// @param name prefix of the thread names
  public void start(String name, Intervals intervals, BackgroundThreads threads) {
    threads.repeat(name, () -> sendDueFrames(intervals));
    threads.repeat(name + "-first-reads", this::readQueued);
    threads.repeat(name + "-sweep", () -> sweep(intervals));
  }

  private void sendDueFrames(Intervals intervals) throws InterruptedException {
    Thread.sleep(intervals.frameInterval().dividedBy(STEPS_PER_FRAME_INTERVAL));
    for (E event : events.values()) {
      if (event.isFrameDue()) {
        event.sendToWatchers();
      }
    }
  }

  private void readQueued() throws InterruptedException {
    E event = unread.take();
    if (event.isUnread()) {
      reader.accept(event);
      event.sendToWatchers();
    }
  }

  private void sweep(Intervals intervals) throws InterruptedException {
    Thread.sleep(intervals.sweepInterval());
    if (!sweepPosition.hasNext()) {
      sweepPosition = events.values().iterator();
    }
    for (int i = 0; i < intervals.maxEventsPerSweep() && sweepPosition.hasNext(); i++) {
      reader.accept(sweepPosition.next());
    }
  }
}
