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

/// Registry of open WebSocket connections. It limits their number, pings them, closes those with an
/// expired or revoked token, and closes all of them at shutdown.
@Component
public final class ConnectionRegistry implements SmartLifecycle {

  private static final Duration SHUTDOWN_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration SHUTDOWN_POLL_INTERVAL = Duration.ofMillis(5);
  private static final int CHECKS_PER_PING = 5;
  private static final int MIN_CHECK_MILLIS = 10;
  private static final int MAX_CHECK_MILLIS = 250; // maximum delay of a revocation

  private final ConnectionSettings settings;
  private final TokenAuthenticator tokens;
  private final Clock clock;
  private final Counter sentFrames;
  private final Map<DropReason, Counter> dropped = new EnumMap<>(DropReason.class);
  private final Set<WebSocketConnection> open = ConcurrentHashMap.newKeySet();
  private final ConnectionCounts counts;
  private ScheduledExecutorService scheduler;
  private volatile boolean running;

  ConnectionRegistry(
      ConnectionSettings settings, TokenAuthenticator tokens, Clock clock, MeterRegistry meters) {
    this.settings = settings;
    this.counts = new ConnectionCounts(settings);
    this.tokens = tokens;
    this.clock = clock;
    this.sentFrames =
        Counter.builder("ticketing.frames")
            .description("Frames sent, without pings")
            .baseUnit("frames")
            .register(meters);
    Gauge.builder("ticketing.sockets", open, Set::size)
        .description("Open WebSocket connections")
        .baseUnit("sockets")
        .register(meters);
    for (DropReason reason : DropReason.values()) {
      dropped.put(
          reason,
          Counter.builder("ticketing.dropped")
              .description("WebSocket connections dropped by this process")
              .baseUnit("sockets")
              .tag("reason", reason.tag())
              .register(meters));
    }
  }

  boolean hasCapacity() {
    return running && open.size() < settings.maxConnections();
  }

  ConnectionSettings settings() {
    return settings;
  }

  /// True if the limits of the user and of the address admit one more connection.
  boolean admits(AuthenticatedUser user, String address) {
    return counts.admits(user, address);
  }

  public int count() {
    return open.size();
  }

  WebSocketConnection newConnection(
      WebSocketSession session, AuthenticatedUser user, String address) {
    return new WebSocketConnection(session, user, address, this, settings);
  }

  /// Adds a connection. Concurrent handshakes can exceed the limits between [#hasCapacity()] or
  /// [#admits] and this call; the excess connections are dropped here.
  void register(WebSocketConnection connection) {
    boolean capacity = hasCapacity();
    open.add(connection);
    boolean admitted = counts.add(connection.user(), connection.address());
    if (!capacity || !admitted) {
      connection.drop(CloseReason.TOO_MANY_SOCKETS, DropReason.ROOM);
    }
  }

  void remove(WebSocketConnection connection) {
    if (open.remove(connection)) {
      counts.remove(connection.user(), connection.address());
    }
  }

  void countSentFrame() {
    sentFrames.increment();
  }

  void countDropped(DropReason reason) {
    dropped.get(reason).increment();
  }

  private void checkConnections() {
    for (WebSocketConnection connection : open) {
      if (connection.hasMissedPings(settings.pongTimeout())) {
        connection.drop(CloseReason.SILENT, DropReason.SILENT);
      } else if (!clock.instant().isBefore(connection.user().expiresAt())) {
        connection.close(CloseReason.TOKEN_EXPIRED);
      } else if (!tokens.isValid(connection.user())) {
        connection.close(CloseReason.TOKEN_ENDED);
      } else if (connection.nanosSincePing() > settings.pingInterval().toNanos()) {
        connection.ping();
      }
    }
  }

  @Override
  public void start() {
    scheduler =
        Executors.newSingleThreadScheduledExecutor(Thread.ofVirtual().name("pings").factory());
    long millis =
        Math.clamp(
            settings.pingInterval().toMillis() / CHECKS_PER_PING,
            MIN_CHECK_MILLIS,
            MAX_CHECK_MILLIS);
    scheduler.scheduleWithFixedDelay(this::checkConnections, millis, millis, TimeUnit.MILLISECONDS);
    running = true;
  }

  /// Closes all connections with 1001 and blocks until they are closed, at most 5 s.
  @Override
  public void stop() {
    running = false;
    scheduler.shutdownNow();
    open.forEach(connection -> connection.close(CloseReason.RESTARTING));
    long deadline = System.nanoTime() + SHUTDOWN_TIMEOUT.toNanos();
    while (!open.isEmpty() && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(SHUTDOWN_POLL_INTERVAL.toNanos());
    }
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  /// Starts after the web server and stops before it.
  @Override
  public int getPhase() {
    return DEFAULT_PHASE;
  }
}
