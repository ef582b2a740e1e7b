package ticketing.client;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/// Follows any number of one user's tickets to their final states over one WebSocket. It connects
/// again, to the next notifier, after every loss of the connection, so no final state is missed.
/// Thread-safe.
public final class TicketFollower implements AutoCloseable {

  // Below the server's limit, because a final ticket's subscription ends later on the server.
  private static final int MAX_LIVE_SUBSCRIPTIONS = TicketSocket.MAX_SUBSCRIPTIONS - 10;

  private static final Duration CHECK_INTERVAL = Duration.ofSeconds(1);
  private static final Duration ERROR_PAUSE = Duration.ofMillis(200);
  private static final int UNAUTHORIZED = 401;

  private final List<URI> notifiers;
  private final Session session;
  private final RetryPolicy retries;
  private final TicketSocket.Listener listener;
  private final Set<UUID> undecided = ConcurrentHashMap.newKeySet();
  private final Set<UUID> subscribed = ConcurrentHashMap.newKeySet();
  private final Semaphore changes = new Semaphore(0);
  private final Thread thread;
  private volatile boolean closed;
  private volatile boolean refused;

  /// @param notifiers URLs with the scheme `ws`, `wss`, `http` or `https`, without a path
  /// @param retries pauses between attempts to connect; its limits do not apply
  /// @param listener receives every frame; a final state of a ticket exactly once
  public TicketFollower(
      List<URI> notifiers, Session session, RetryPolicy retries, TicketSocket.Listener listener) {
    this.notifiers = List.copyOf(notifiers);
    this.session = session;
    this.retries = retries;
    this.listener = listener;
    this.thread = Thread.ofVirtual().name("ticket-follower").start(this::run);
  }

  public void follow(UUID ticketId) {
    undecided.add(ticketId);
    changes.release();
  }

  /// @return number of followed tickets without a final state
  public int undecided() {
    return undecided.size();
  }

  /// Ends the connection. Undecided tickets are no longer followed.
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }

  private void run() {
    int serverIndex = ThreadLocalRandom.current().nextInt(notifiers.size());
    int failures = 0;
    try {
      while (!closed) {
        try {
          listen(notifiers.get(serverIndex));
          failures = 0;
        } catch (IOException e) {
          failures++;
          listener.onConnectionLost(HttpSocket.failureText(e));
        }
        serverIndex = (serverIndex + 1) % notifiers.size();
        Thread.sleep(RetryPolicy.withJitter(retries.backoff(Math.max(1, failures))));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void listen(URI notifier) throws IOException, InterruptedException {
    subscribed.clear();
    try (TicketSocket socket = open(notifier)) {
      while (!closed && socket.isOpen()) {
        if (refused) {
          Thread.sleep(ERROR_PAUSE);
          refused = false;
          subscribed.clear();
        }
        subscribeMissing(socket);
        if (changes.tryAcquire(CHECK_INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
          changes.drainPermits();
        }
      }
    }
  }

  private TicketSocket open(URI notifier) throws IOException {
    return switch (session.signIn()) {
      case Session.SignIn.Denied(ApiResponse response) ->
          throw new IOException("sign-in refused with status " + response.status());
      case Session.SignIn.Token(String token) -> {
        try {
          yield TicketSocket.open(notifier, token, new Frames());
        } catch (TicketSocket.HandshakeException e) {
          if (e.status() == UNAUTHORIZED) {
            session.discard(token);
          }
          throw e;
        }
      }
    };
  }

  private void subscribeMissing(TicketSocket socket) throws IOException {
    List<UUID> missing =
        undecided.stream()
            .filter(id -> !subscribed.contains(id))
            .limit(Math.max(0, MAX_LIVE_SUBSCRIPTIONS - subscribed.size()))
            .toList();
    if (!missing.isEmpty()) {
      subscribed.addAll(missing);
      socket.subscribe(missing);
    }
  }

  private final class Frames implements TicketSocket.Listener {

    @Override
    public void onTicket(Ticket ticket) {
      if (!ticket.isFinal()) {
        listener.onTicket(ticket);
      } else if (undecided.remove(ticket.ticketId())) {
        subscribed.remove(ticket.ticketId());
        listener.onTicket(ticket);
        changes.release();
      }
    }

    @Override
    public void onError(String code, String detail) {
      listener.onError(code, detail);
      refused = true;
      changes.release();
    }

    @Override
    public void onConnectionLost(String cause) {
      listener.onConnectionLost(cause);
      changes.release();
    }
  }
}
