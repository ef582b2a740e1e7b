package ticketing.systemtest.client;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import ticketing.domain.Json;
import ticketing.domain.Ticket;
import tools.jackson.databind.JsonNode;

/// One user's WebSocket, over which all undecided tickets are followed; opened again, at the next
/// notifier, whenever it breaks.
final class TicketFollower implements AutoCloseable {

  private static final int LIVE = 90; // of the 100 subscriptions a socket may have
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final long TICK_MILLIS = 100;
  private static final AtomicInteger NEXT = new AtomicInteger();

  private final List<URI> notifiers;
  private final HttpClient http;
  private final String token;
  private final Map<UUID, AcceptedRequest> open = new ConcurrentHashMap<>();
  private volatile boolean closed;

  TicketFollower(List<URI> notifiers, HttpClient http, String token, Executor threads) {
    this.notifiers = notifiers;
    this.http = http;
    this.token = token;
    threads.execute(this::run);
  }

  void follow(AcceptedRequest claim) {
    open.put(claim.accepted().ticketId(), claim);
  }

  @Override
  public void close() {
    closed = true;
  }

  private void run() {
    try {
      while (!closed) {
        Connection connection = new Connection();
        try {
          connection.open();
          while (!closed && !connection.broken.isDone()) {
            connection.subscribe();
            TimeUnit.MILLISECONDS.sleep(TICK_MILLIS);
          }
        } catch (CompletionException e) {
          // The next connection may do better.
          TimeUnit.MILLISECONDS.sleep(TICK_MILLIS);
        } finally {
          connection.abort();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private final class Connection implements WebSocket.Listener {
    final CompletableFuture<Void> broken = new CompletableFuture<>();
    private final Set<UUID> subscribed = ConcurrentHashMap.newKeySet();
    private final StringBuilder text = new StringBuilder();
    private WebSocket socket;

    void open() {
      URI notifier = notifiers.get(Math.floorMod(NEXT.getAndIncrement(), notifiers.size()));
      socket =
          http.newWebSocketBuilder()
              .connectTimeout(CONNECT)
              .header("Authorization", "Bearer " + token)
              .buildAsync(URI.create("ws" + notifier.toString().substring(4) + "/ws/tickets"), this)
              .orTimeout(CONNECT.toMillis(), TimeUnit.MILLISECONDS)
              .join();
    }

    void subscribe() {
      List<UUID> more =
          open.keySet().stream()
              .filter(id -> !subscribed.contains(id))
              .limit(Math.max(0, LIVE - subscribed.size()))
              .toList();
      if (!more.isEmpty()) {
        subscribed.addAll(more);
        String ids = more.stream().map(id -> "\"" + id + "\"").collect(Collectors.joining(","));
        socket
            .sendText("{\"action\":\"subscribe\",\"ticketIds\":[" + ids + "]}", true)
            .orTimeout(CONNECT.toMillis(), TimeUnit.MILLISECONDS)
            .join();
      }
    }

    void abort() {
      if (socket != null) {
        socket.abort();
      }
    }

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
      text.append(data);
      if (last) {
        JsonNode frame = Json.INTERNAL.readTree(text.toString());
        text.setLength(0);
        if (frame.has("error")) {
          // Not known now: ask for all of them again.
          subscribed.clear();
        } else {
          told(Json.INTERNAL.treeToValue(frame, Ticket.class));
        }
      }
      from.request(1);
      return null;
    }

    private void told(Ticket ticket) {
      AcceptedRequest claim = open.get(ticket.ticketId());
      if (claim != null && ticket.status().isFinal()) {
        claim.pushed(ticket);
        open.remove(ticket.ticketId());
        subscribed.remove(ticket.ticketId());
      }
    }

    @Override
    public CompletionStage<?> onClose(WebSocket from, int status, String reason) {
      broken.complete(null);
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
      broken.complete(null);
    }
  }
}
