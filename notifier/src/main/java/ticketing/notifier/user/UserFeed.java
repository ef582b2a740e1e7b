package ticketing.notifier.user;

import java.time.Clock;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import ticketing.domain.EventView;
import ticketing.domain.Json;
import ticketing.notifier.background.BackgroundThreads;
import ticketing.notifier.connection.FrameHandler;
import ticketing.notifier.connection.WebSocketConnection;
import ticketing.notifier.ingress.IngressClient;
import ticketing.notifier.ticket.TicketHandlers;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.StatusStore;
import ticketing.userfeed.UserChange;
import ticketing.userfeed.UserChanges;
import tools.jackson.databind.node.ObjectNode;

/// `/ws/me`: sends the undecided tickets, running holds and offers of a user immediately, then each
/// change that concerns the user, from any device.
///
/// New tickets, offers and ended reservations are received from the Redis channel of user changes.
/// The end of a hold is also observed by time. A sweep reads the undecided tickets and the holds,
/// which covers lost messages of the channel.
@Component
public final class UserFeed implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(UserFeed.class);

  private static final Duration TIMER_INTERVAL = Duration.ofMillis(250);

  /// Maximum number of reads that are queued; the sweep reads the others.
  private static final int MAX_QUEUED_READS = 10_000;

  private final UserChanges changes;
  private final StatusStore statusStore;
  private final TicketHandlers tickets;
  private final IngressClient ingress;
  private final UserFeedSettings settings;
  private final Clock clock;

  private final Map<String, Set<UserFeedHandler>> byUser = new ConcurrentHashMap<>();
  private final BlockingQueue<BackgroundThreads.Task> reads =
      new ArrayBlockingQueue<>(MAX_QUEUED_READS);
  private Iterator<Set<UserFeedHandler>> sweepPosition = Collections.emptyIterator();
  private volatile boolean running;
  private BackgroundThreads background;

  UserFeed(
      UserChanges changes,
      StatusStore statusStore,
      TicketHandlers tickets,
      IngressClient ingress,
      UserFeedSettings settings,
      Clock clock) {
    this.changes = changes;
    this.statusStore = statusStore;
    this.tickets = tickets;
    this.ingress = ingress;
    this.settings = settings;
    this.clock = clock;
  }

  /// Handler of a new connection. It is registered first and then reads, so a change in between is
  /// received.
  public FrameHandler open(WebSocketConnection connection) {
    UserFeedHandler handler =
        new UserFeedHandler(connection, this, tickets, ingress, settings, clock);
    byUser.compute(
        handler.userId(),
        (user, existing) -> {
          Set<UserFeedHandler> all = existing == null ? ConcurrentHashMap.newKeySet() : existing;
          all.add(handler);
          return all;
        });
    reads.offer(() -> read(handler));
    return handler;
  }

  void remove(UserFeedHandler handler) {
    byUser.computeIfPresent(
        handler.userId(),
        (user, all) -> {
          all.remove(handler);
          return all.isEmpty() ? null : all;
        });
  }

  /// Observes a ticket. With a full queue the next sweep finds it.
  void observeLater(UserFeedHandler handler, UUID ticketId) {
    if (!reads.offer(() -> handler.observe(ticketId))) {
      handler.requireRead();
    }
  }

  /// Runs for every change of the whole system; most users have no connection here.
  private void onPublished(UserChange change) {
    switch (change) {
      case UserChange.TicketAccepted(UUID ticketId, List<String> users) ->
          forEach(users, handler -> observeLater(handler, ticketId));
      case UserChange.ReservationEnded(long id, var ending, List<String> users) ->
          forEach(users, handler -> handler.onEnded(id, ending));
      case UserChange.OfferMade(long id, List<String> users) ->
          forEach(users, handler -> handler.onOffer(id));
      case UserChange.EventChanged(var kind, EventView event, List<String> users) -> {
        String frame = eventFrame(kind, event);
        forEach(users, handler -> handler.send(frame));
      }
    }
  }

  private void forEach(List<String> users, Consumer<UserFeedHandler> action) {
    for (String user : users) {
      byUser.getOrDefault(user, Set.of()).forEach(action);
    }
  }

  private static String eventFrame(UserChange.EventChanged.Kind kind, EventView event) {
    ObjectNode json = Json.INTERNAL.valueToTree(event);
    json.remove("version"); // it is not public
    ObjectNode frame = Json.INTERNAL.createObjectNode();
    frame.put("type", kind.name());
    frame.set("event", json);
    return Json.INTERNAL.writeValueAsString(frame);
  }

  private void readQueued() throws InterruptedException {
    reads.take().run();
  }

  private void read(UserFeedHandler handler) throws InterruptedException {
    if (handler.hasUnreadHolds()) {
      handler.readHolds();
    }
    handler.markTicketsRead(readTickets(handler));
  }

  /// @return false if the status store is unavailable
  private boolean readTickets(UserFeedHandler handler) throws InterruptedException {
    List<UUID> undecided;
    try {
      undecided = statusStore.findUndecided(handler.userId());
    } catch (RedisUnavailableException e) {
      log.debug("cannot read undecided tickets", e);
      return false;
    }
    for (UUID ticketId : undecided.reversed()) {
      handler.observe(ticketId);
    }
    return true;
  }

  private void lookUpDueReservations() throws InterruptedException {
    Thread.sleep(TIMER_INTERVAL);
    for (Set<UserFeedHandler> handlers : byUser.values()) {
      handlers.forEach(UserFeedHandler::lookUpDueReservations);
    }
  }

  /// Unread feeds first, then all feeds in turn. A step reads each feed at most one time.
  private void sweep() throws InterruptedException {
    Thread.sleep(settings.sweepInterval());
    int remaining = settings.maxUsersPerSweep();
    Set<UserFeedHandler> readHandlers = new HashSet<>();
    for (Set<UserFeedHandler> handlers : byUser.values()) {
      for (UserFeedHandler handler : handlers) {
        if (remaining > 0 && (handler.hasUnreadTickets() || handler.hasUnreadHolds())) {
          remaining--;
          readHandlers.add(handler);
          read(handler);
        }
      }
    }
    if (!sweepPosition.hasNext()) {
      sweepPosition = byUser.values().iterator();
    }
    while (remaining > 0 && sweepPosition.hasNext()) {
      for (UserFeedHandler handler : sweepPosition.next()) {
        if (readHandlers.add(handler)) {
          remaining--;
          handler.requireRead(); // the message of an offer may be lost
          read(handler);
        }
      }
    }
  }

  private void requireRead() {
    byUser.values().forEach(handlers -> handlers.forEach(UserFeedHandler::requireRead));
  }

  @Override
  public void start() {
    background = new BackgroundThreads();
    background.subscribeWithRetry(
        "users", () -> changes.subscribe(this::onPublished, this::requireRead));
    background.repeat("user-feed-reads", this::readQueued);
    background.repeat("user-feed-timer", this::lookUpDueReservations);
    background.repeat("user-feed-sweep", this::sweep);
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

  /// Starts before the web server accepts connections, and stops after the last is closed.
  @Override
  public int getPhase() {
    return 0;
  }
}
