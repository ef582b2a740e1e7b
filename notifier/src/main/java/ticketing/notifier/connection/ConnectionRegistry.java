package ticketing.notifier.connection;

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
import ticketing.notifier.handshake.AuthenticatedUser;
import ticketing.notifier.handshake.TokenAuthenticator;
import ticketing.notifier.settings.NotifierSettings;

/// All open sockets: how many there may be, their pings, the end of their tokens, and the farewell.
@Component
public final class ConnectionRegistry implements SmartLifecycle {

  private static final Duration FAREWELL = Duration.ofSeconds(5);

  private final NotifierSettings settings;
  private final TokenAuthenticator access;
  private final Clock clock;
  private final Counter frames;
  private final Map<DropReason, Counter> dropped = new EnumMap<>(DropReason.class);
  private final Set<WebSocketConnection> open = ConcurrentHashMap.newKeySet();
  private ScheduledExecutorService ticker;
  private volatile boolean welcoming;

  ConnectionRegistry(
      NotifierSettings settings, TokenAuthenticator access, Clock clock, MeterRegistry meters) {
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
    for (DropReason reason : DropReason.values()) {
      dropped.put(
          reason,
          Counter.builder("ticketing.dropped")
              .description("Sockets that this process gave up")
              .baseUnit("sockets")
              .tag("reason", reason.tag())
              .register(meters));
    }
  }

  public boolean haveRoom() {
    return welcoming && open.size() < settings.maxSockets();
  }

  public int count() {
    return open.size();
  }

  /// The peer of a socket that is just opening.
  WebSocketConnection meet(WebSocketSession session, AuthenticatedUser visitor) {
    return new WebSocketConnection(session, visitor, this, settings);
  }

  /// Counts a socket in. Handshakes that overtook each other on the way from [#haveRoom()] to here
  /// are turned away now.
  void opened(WebSocketConnection peer) {
    boolean room = haveRoom();
    open.add(peer);
    if (!room) {
      peer.drop(CloseReason.TOO_MANY_SOCKETS.status(), DropReason.ROOM);
    }
  }

  void closed(WebSocketConnection peer) {
    open.remove(peer);
  }

  void sent() {
    frames.increment();
  }

  void dropped(DropReason reason) {
    dropped.get(reason).increment();
  }

  private void tick() {
    for (WebSocketConnection peer : open) {
      if (peer.isSilentFor(settings.unanswered())) {
        peer.drop(CloseReason.SILENT.status(), DropReason.SILENT);
      } else if (!clock.instant().isBefore(peer.visitor().expiresAt())) {
        peer.close(CloseReason.TOKEN_EXPIRED.status());
      } else if (peer.nanosSincePing() > settings.ping().toNanos()) {
        peer.ping();
        // The rhythm of the pings is also how soon a token that was given back is noticed.
        Thread.startVirtualThread(() -> checkToken(peer));
      }
    }
  }

  private void checkToken(WebSocketConnection peer) {
    if (!access.stillCounts(peer.visitor())) {
      peer.close(CloseReason.TOKEN_ENDED.status());
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
    open.forEach(peer -> peer.close(CloseReason.RESTARTING.status()));
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
