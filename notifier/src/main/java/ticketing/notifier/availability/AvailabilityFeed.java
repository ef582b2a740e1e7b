package ticketing.notifier.availability;

import java.util.Collections;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import ticketing.domain.EventView;
import ticketing.domain.EventView.Availability;
import ticketing.domain.Json;
import ticketing.notifier.connection.BackgroundThreads;
import ticketing.notifier.connection.CloseReason;
import ticketing.notifier.connection.ErrorFrame;
import ticketing.notifier.connection.FrameHandler;
import ticketing.notifier.connection.WebSocketConnection;
import ticketing.notifier.ingress.IngressClient;
import ticketing.notifier.settings.NotifierSettings;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.EventCache;
import tools.jackson.core.JacksonException;

/// `/ws/events/{eventId}`: the seats left of an event, at once and then whenever they have changed,
/// but not too often. However many watch an event, it is read once and written as JSON once.
@Component
public final class AvailabilityFeed implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(AvailabilityFeed.class);

  /// Most events that wait to be read; those beyond are left to the sweep.
  private static final int UNREAD = 1_000;

  private final EventCache board;
  private final IngressClient ingress;
  private final NotifierSettings settings;

  private final Map<Long, Show> shows = new ConcurrentHashMap<>();
  private final BlockingQueue<Show> unread = new ArrayBlockingQueue<>(UNREAD);
  private volatile boolean running;
  private BackgroundThreads background;
  private Iterator<Show> round = Collections.emptyIterator();

  AvailabilityFeed(EventCache board, IngressClient ingress, NotifierSettings settings) {
    this.board = board;
    this.ingress = ingress;
    this.settings = settings;
  }

  /// An event that somebody watches, and what is known of it.
  private static final class Show {
    final long eventId;
    final Set<Watcher> watchers = ConcurrentHashMap.newKeySet();
    final AtomicBoolean asking = new AtomicBoolean();
    volatile Known known;

    /// Whether some watcher has not been sent what is known.
    volatile boolean news;

    Show(long eventId) {
      this.eventId = eventId;
    }

    /// What the board or an announcement says; an older copy never replaces a newer one.
    synchronized void learn(EventView event) {
      if (known == null || event.version() >= known.version) {
        learn(event.version(), event.availability());
      }
    }

    /// What ingress says, unless something was heard since it was asked.
    synchronized void learn(Availability availability, Known before) {
      if (known == before) {
        learn(before == null ? 0 : before.version, availability);
      }
    }

    private void learn(long version, Availability availability) {
      String json = Json.INTERNAL.writeValueAsString(availability);
      boolean changed = known == null || !known.json.equals(json);
      known = new Known(version, json);
      news |= changed;
    }
  }

  private record Known(long version, String json) {}

  private final class Watcher implements FrameHandler {
    private final WebSocketConnection peer;
    private final Show show;
    private String told;
    private long toldAt;

    Watcher(WebSocketConnection peer, Show show) {
      this.peer = peer;
      this.show = show;
    }

    /// @return whether there is nothing left to tell
    synchronized boolean tell() {
      Known known = show.known;
      if (known == null || known.json.equals(told)) {
        return true;
      }
      long now = System.nanoTime();
      if (told != null && now - toldAt < settings.feedInterval().toNanos()) {
        return false;
      }
      told = known.json;
      toldAt = now;
      peer.send(known.json);
      return true;
    }

    @Override
    public void received(String frame) {
      peer.send(ErrorFrame.badFrame("This socket takes no frames"));
    }

    @Override
    public void closed() {
      shows.computeIfPresent(
          show.eventId,
          (id, watched) -> {
            watched.watchers.remove(this);
            return watched.watchers.isEmpty() ? null : watched;
          });
    }
  }

  public FrameHandler watch(WebSocketConnection peer, long eventId) {
    Watcher[] watcher = new Watcher[1];
    Show show =
        shows.compute(
            eventId,
            (id, watched) -> {
              Show joined = watched == null ? new Show(id) : watched;
              watcher[0] = new Watcher(peer, joined);
              joined.watchers.add(watcher[0]);
              return joined;
            });
    if (show.known == null) {
      unread.offer(show);
    } else {
      watcher[0].tell();
    }
    return watcher[0];
  }

  private void announced(EventView event) {
    Show show = shows.get(event.eventId());
    if (show != null) {
      show.learn(event);
    }
  }

  private void tellNews() throws InterruptedException {
    // The shorter the step, the less a frame is late; its distance to the one before is kept
    // anyway.
    Thread.sleep(settings.feedInterval().dividedBy(10));
    for (Show show : shows.values()) {
      if (show.news) {
        tellNews(show);
      }
    }
  }

  private static void tellNews(Show show) {
    show.news = false;
    for (Watcher watcher : show.watchers) {
      if (!watcher.tell()) {
        show.news = true;
      }
    }
  }

  private void readUnread() throws InterruptedException {
    Show show = unread.take();
    if (show.known == null) {
      read(show);
      tellNews(show);
    }
  }

  /// An administrator's change takes the copy off the board without an announcement, and an
  /// announcement may go unheard: so each show is read again from time to time.
  private void sweep() throws InterruptedException {
    Thread.sleep(settings.sweep());
    if (!round.hasNext()) {
      round = shows.values().iterator();
    }
    for (int left = settings.sweepTickets() / 10; left > 0 && round.hasNext(); left--) {
      read(round.next());
    }
  }

  private void read(Show show) {
    Optional<EventView> found;
    try {
      found = board.find(show.eventId);
    } catch (RedisUnavailableException | JacksonException e) {
      log.debug("Event {} cannot be read from the board", show.eventId, e);
      found = Optional.empty();
    }
    found.ifPresentOrElse(show::learn, () -> askIngress(show));
  }

  private void askIngress(Show show) {
    if (!show.asking.compareAndSet(false, true)) {
      return;
    }
    Known before = show.known;
    ingress.availability(
        show.eventId,
        answer -> {
          show.asking.set(false);
          switch (answer) {
            case IngressClient.Answer.Known<Availability>(Availability availability) -> {
              show.learn(availability, before);
              tellNews(show);
            }
            case IngressClient.Answer.Unknown<Availability>() -> dismiss(show);
            case IngressClient.Answer.Failed<Availability>() -> {}
          }
        });
  }

  private static void dismiss(Show show) {
    for (Watcher watcher : show.watchers) {
      watcher.peer.send(ErrorFrame.eventNotFound());
      watcher.peer.close(CloseReason.NO_SUCH_EVENT.status());
    }
  }

  @Override
  public void start() {
    background = new BackgroundThreads();
    background.listen("events", () -> board.subscribe(this::announced));
    background.forever("feed", this::tellNews);
    background.forever("feed-first-reads", this::readUnread);
    background.forever("feed-sweep", this::sweep);
    running = true;
  }

  @Override
  public void stop() {
    running = false;
    background.close();
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  /// Listens before the first socket opens, until the last has closed.
  @Override
  public int getPhase() {
    return 0;
  }
}
