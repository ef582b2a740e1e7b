package ticketing.notifier.ticket;

import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import ticketing.notifier.connection.CloseReason;
import ticketing.notifier.connection.ErrorFrame;
import ticketing.notifier.connection.FrameHandler;
import ticketing.notifier.connection.WebSocketConnection;
import ticketing.notifier.handshake.TokenAuthenticator;

/// `/ws/tickets`: one connection with many subscriptions.
final class MultiTicketHandler implements FrameHandler {

  private final WebSocketConnection connection;
  private final TicketSubscriptions subscriptions;
  private final TokenAuthenticator tokens;
  private final int maxSubscriptions;
  private final Map<UUID, Subscription> live = new ConcurrentHashMap<>();
  private volatile boolean closed;

  MultiTicketHandler(
      WebSocketConnection connection,
      TicketSubscriptions subscriptions,
      TokenAuthenticator tokens,
      int maxSubscriptions) {
    this.connection = connection;
    this.subscriptions = subscriptions;
    this.tokens = tokens;
    this.maxSubscriptions = maxSubscriptions;
  }

  @Override
  public void onFrame(String text) throws InterruptedException {
    Optional<ClientFrame> frame = ClientFrame.parse(text);
    if (frame.isEmpty()) {
      connection.send(
          ErrorFrame.badFrame(
              "A frame is {\"action\":\"subscribe\" or \"unsubscribe\",\"ticketIds\":[\"...\"]}"));
      return;
    }
    switch (frame.get().action()) {
      case subscribe -> subscribeAll(new LinkedHashSet<>(frame.get().ticketIds()));
      case unsubscribe ->
          frame.get().ticketIds().forEach(id -> parseId(id).ifPresent(this::unsubscribe));
    }
  }

  private void subscribeAll(Set<String> ticketIds) throws InterruptedException {
    if (!tokens.isValid(connection.user())) {
      connection.close(CloseReason.TOKEN_ENDED);
      return;
    }
    Set<UUID> ids = new LinkedHashSet<>();
    Set<String> malformed = new LinkedHashSet<>();
    for (String text : ticketIds) {
      parseId(text).ifPresentOrElse(ids::add, () -> malformed.add(text));
    }
    long added = ids.stream().filter(id -> !live.containsKey(id)).count();
    if (live.size() + added > maxSubscriptions) {
      connection.send(ErrorFrame.tooManySubscriptions(maxSubscriptions));
      return;
    }
    malformed.forEach(text -> connection.send(ErrorFrame.ticketNotFound(text)));
    for (UUID id : ids) {
      // A repeated subscription is replaced, so that the client receives the state again.
      unsubscribe(id);
      subscribe(id);
    }
  }

  private void subscribe(UUID id) throws InterruptedException {
    Subscription subscription =
        subscriptions.subscribe(connection, id, (ended, reason) -> live.remove(id, ended));
    live.put(id, subscription);
    if (subscription.hasEnded() || closed) {
      // It ended before it was stored, so its listener removed no entry.
      unsubscribe(id);
    }
  }

  private void unsubscribe(UUID id) {
    Subscription subscription = live.remove(id);
    if (subscription != null) {
      subscriptions.unsubscribe(subscription);
    }
  }

  private static Optional<UUID> parseId(String text) {
    try {
      return Optional.of(UUID.fromString(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  @Override
  public void onClose() {
    closed = true;
    live.keySet().forEach(this::unsubscribe);
  }
}
