package ticketing.notifier;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import org.springframework.web.socket.WebSocketSession;

/// All open sockets: how many there may be, their pings, the end of their tokens, and the farewell.
@Component
final class Peers implements SmartLifecycle {

  private static final Duration FAREWELL = Duration.ofSeconds(5);

  private final NotifierSettings settings;
  private final Access access;
  private final Clock clock;
  private final Counter frames;
  private final Map<Drop, Counter> dropped = new EnumMap<>(Drop.class);
  private final Set<Peer> open = ConcurrentHashMap.newKeySet();
  private ScheduledExecutorService ticker;
  private volatile boolean welcoming;

  Peers(NotifierSettings settings, Access access, Clock clock, MeterRegistry meters) {
    this.settings = settings;
    this.access = access;
    this.clock = clock;
    this.frames =
        Counter.builder("ticketing.frames")
            .description("Frames sent, without pings")
            .baseUnit("frames")
            .register(meters);
    Gauge.builder("ticketing.sockets", open, Set::size)
        .description("Open sockets")
        .baseUnit("sockets")
        .register(meters);
    for (Drop reason : Drop.values()) {
      dropped.put(
          reason,
          Counter.builder("ticketing.dropped")
              .description("Sockets that this process gave up")
              .baseUnit("sockets")
              .tag("reason", reason.tag())
              .register(meters));
    }
  }

  boolean haveRoom() {
    return welcoming && open.size() < settings.maxSockets();
  }

  int count() {
    return open.size();
  }

  /// The peer of a socket that is just opening.
  Peer meet(WebSocketSession session, Visitor visitor) {
    return new Peer(session, visitor, this, settings);
  }

  /// Counts a socket in. Handshakes that overtook each other on the way from [#haveRoom()] to here
  /// are turned away now.
  void opened(Peer peer) {
    boolean room = haveRoom();
    open.add(peer);
    if (!room) {
      peer.drop(Closing.TOO_MANY_SOCKETS.status(), Drop.ROOM);
    }
  }

  void closed(Peer peer) {
    open.remove(peer);
  }

  void sent() {
    frames.increment();
  }

  void dropped(Drop reason) {
    dropped.get(reason).increment();
  }

  private void tick() {
    for (Peer peer : open) {
      if (peer.isSilentFor(settings.unanswered())) {
        peer.drop(Closing.SILENT.status(), Drop.SILENT);
      } else if (!clock.instant().isBefore(peer.visitor().expiresAt())) {
        peer.close(Closing.TOKEN_EXPIRED.status());
      } else if (peer.nanosSincePing() > settings.ping().toNanos()) {
        peer.ping();
        // The rhythm of the pings is also how soon a token that was given back is noticed.
        Thread.startVirtualThread(() -> checkToken(peer));
      }
    }
  }

  private void checkToken(Peer peer) {
    if (!access.stillCounts(peer.visitor())) {
      peer.close(Closing.TOKEN_ENDED.status());
    }
  }

  @Override
  public void start() {
    ticker = Executors.newSingleThreadScheduledExecutor(Thread.ofVirtual().name("pings").factory());
    long millis = Math.clamp(settings.ping().toMillis() / 5, 10, 1_000);
    ticker.scheduleWithFixedDelay(this::tick, millis, millis, TimeUnit.MILLISECONDS);
    welcoming = true;
  }

  /// Tells all clients to go elsewhere, and gives them a moment to hear it.
  @Override
  public void stop() {
    welcoming = false;
    ticker.shutdownNow();
    open.forEach(peer -> peer.close(Closing.RESTARTING.status()));
    long end = System.nanoTime() + FAREWELL.toNanos();
    while (!open.isEmpty() && System.nanoTime() - end < 0) {
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
    }
  }

  @Override
  public boolean isRunning() {
    return welcoming;
  }

  /// Starts after the web server and stops before it.
  @Override
  public int getPhase() {
    return DEFAULT_PHASE;
  }
}
