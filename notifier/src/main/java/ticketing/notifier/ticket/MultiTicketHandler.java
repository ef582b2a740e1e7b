package ticketing.notifier.ticket;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import ticketing.domain.Json;
import ticketing.notifier.connection.CloseReason;
import ticketing.notifier.connection.ErrorFrame;
import ticketing.notifier.connection.FrameHandler;
import ticketing.notifier.connection.WebSocketConnection;
import ticketing.notifier.handshake.TokenAuthenticator;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// `/ws/tickets`: one socket, many tickets.
public final class MultiTicketHandler implements FrameHandler {

  private static final JsonMapper STRICT = Json.strict(JsonMapper.builder()).build();

  /// What a client sends.
  public record ClientFrame(Wish action, List<String> ticketIds) {}

  /// The names are part of the public contract.
  public enum Wish {
    subscribe,
    unsubscribe
  }

  private final WebSocketConnection peer;
  private final TicketSubscriptions tickets;
  private final TokenAuthenticator access;
  private final int limit;
  private final Map<UUID, Subscription> live = new ConcurrentHashMap<>();
  private volatile boolean closed;

  /// @param limit most live subscriptions
  public MultiTicketHandler(
      WebSocketConnection peer, TicketSubscriptions tickets, TokenAuthenticator access, int limit) {
    this.peer = peer;
    this.tickets = tickets;
    this.access = access;
    this.limit = limit;
  }

  @Override
  public void received(String text) throws InterruptedException {
    ClientFrame frame;
    try {
      frame = STRICT.readValue(text, ClientFrame.class);
    } catch (JacksonException e) {
      frame = null;
    }
    if (frame == null
        || frame.action() == null
        || frame.ticketIds() == null
        || frame.ticketIds().contains(null)) {
      peer.send(
          ErrorFrame.badFrame(
              "A frame is {\"action\":\"subscribe\" or \"unsubscribe\",\"ticketIds\":[\"...\"]}"));
      return;
    }
    switch (frame.action()) {
      case subscribe -> subscribe(new LinkedHashSet<>(frame.ticketIds()));
      case unsubscribe -> frame.ticketIds().forEach(id -> ticketId(id).ifPresent(this::leave));
    }
  }

  private void subscribe(Set<String> ticketIds) throws InterruptedException {
    if (!access.stillCounts(peer.visitor())) {
      peer.close(CloseReason.TOKEN_ENDED.status());
      return;
    }
    Set<UUID> ids = new LinkedHashSet<>();
    Set<String> impossible = new LinkedHashSet<>();
    for (String text : ticketIds) {
      ticketId(text).ifPresentOrElse(ids::add, () -> impossible.add(text));
    }
    long more = ids.stream().filter(id -> !live.containsKey(id)).count();
    if (live.size() + more > limit) {
      peer.send(ErrorFrame.tooMany(limit));
      return;
    }
    impossible.forEach(text -> peer.send(ErrorFrame.ticketNotFound(text)));
    for (UUID id : ids) {
      // Subscribing again starts again: the client wants to hear the state once more.
      leave(id);
      join(id);
    }
  }

  private void join(UUID id) throws InterruptedException {
    Subscription subscription =
        tickets.subscribe(peer, id, (ended, status) -> live.remove(id, ended));
    live.put(id, subscription);
    if (subscription.isOver() || closed) {
      // It ended before it was noted here, so its end could not strike it out.
      leave(id);
    }
  }

  private void leave(UUID id) {
    Subscription subscription = live.remove(id);
    if (subscription != null) {
      tickets.unsubscribe(subscription);
    }
  }

  private static Optional<UUID> ticketId(String text) {
    try {
      return Optional.of(UUID.fromString(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  @Override
  public void closed() {
    closed = true;
    live.keySet().forEach(this::leave);
  }
}
