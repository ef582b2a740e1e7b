package ticketing.notifier.user;

import java.time.Clock;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import ticketing.domain.Action;
import ticketing.domain.Json;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.notifier.connection.ErrorFrame;
import ticketing.notifier.connection.FrameHandler;
import ticketing.notifier.connection.WebSocketConnection;
import ticketing.notifier.ingress.IngressClient;
import ticketing.notifier.ingress.IngressClient.Lookup;
import ticketing.notifier.ticket.TicketHandlers;
import ticketing.notifier.ticket.TicketHandlers.Observation;
import ticketing.notifier.ticket.TicketObserver;
import ticketing.userfeed.UserChange.ReservationEnded.Ending;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Connection of the feed of one user. It observes the undecided tickets and the holds of the user;
/// the number of both is bounded.
final class UserFeedHandler implements FrameHandler {

  private static final Logger log = LoggerFactory.getLogger(UserFeedHandler.class);
  private static final int MAX_ENDED = 300; // tickets and reservations that are not observed again
  private static final int MAX_SENT_OFFERS = 300; // offers that are not sent again

  private final WebSocketConnection connection;
  private final UserFeed feed;
  private final TicketHandlers ticketHandlers;
  private final IngressClient ingress;
  private final UserFeedSettings settings;
  private final Clock clock;

  private final Map<UUID, Observation> tickets = new HashMap<>(); // guarded by this
  private final Map<Long, ObservedReservation> reservations = new HashMap<>(); // guarded by this
  private final Set<Object> ended = newest(MAX_ENDED); // guarded by this
  private final Set<Long> sentOffers = newest(MAX_SENT_OFFERS); // guarded by this
  private boolean holdsLookupInFlight; // guarded by this
  private volatile boolean ticketsUnread = true;
  private volatile boolean holdsUnread = true;
  private volatile boolean closed;

  UserFeedHandler(
      WebSocketConnection connection,
      UserFeed feed,
      TicketHandlers ticketHandlers,
      IngressClient ingress,
      UserFeedSettings settings,
      Clock clock) {
    this.connection = connection;
    this.feed = feed;
    this.ticketHandlers = ticketHandlers;
    this.ingress = ingress;
    this.settings = settings;
    this.clock = clock;
  }

  /// A set that forgets its oldest elements.
  private static <T> Set<T> newest(int maxSize) {
    return Collections.newSetFromMap(
        new LinkedHashMap<>() {
          @Override
          protected boolean removeEldestEntry(Map.Entry<T, Boolean> eldest) {
            return size() > maxSize;
          }
        });
  }

  String userId() {
    return connection.user().userId();
  }

  /// Requires that tickets and holds are read again.
  void requireRead() {
    ticketsUnread = true;
    holdsUnread = true;
  }

  boolean hasUnreadTickets() {
    return ticketsUnread;
  }

  boolean hasUnreadHolds() {
    return holdsUnread;
  }

  void markTicketsRead(boolean read) {
    ticketsUnread = !read;
  }

  void send(String frame) {
    connection.send(frame);
  }

  /// Sends the states of a ticket until its final state. A ticket that is or was observed is
  /// ignored. Blocks while too many subscriptions await their first read.
  void observe(UUID ticketId) throws InterruptedException {
    synchronized (this) {
      if (closed
          || tickets.containsKey(ticketId)
          || ended.contains(ticketId)
          || tickets.size() >= settings.maxTickets()) {
        return;
      }
      tickets.put(ticketId, Starting.INSTANCE);
    }
    Observation observation =
        ticketHandlers.observe(connection, ticketId, new Tickets(), () -> end(ticketId));
    synchronized (this) {
      // The observation may have ended, or the connection closed, while it was started.
      if (!closed && tickets.containsKey(ticketId)) {
        tickets.put(ticketId, observation);
        return;
      }
    }
    observation.cancel();
  }

  private synchronized void end(UUID ticketId) {
    tickets.remove(ticketId);
    ended.add(ticketId);
  }

  /// Placeholder of an observation that is being started.
  private enum Starting implements Observation {
    INSTANCE;

    @Override
    public void cancel() {
      // The starting thread cancels the observation.
    }

    @Override
    public boolean hasEnded() {
      return false;
    }
  }

  private final class Tickets implements TicketObserver {
    @Override
    public void onState(String json) {
      connection.send("{\"type\":\"TICKET\",\"ticket\":" + json + "}");
      try {
        onTicket(Json.INTERNAL.readValue(json, Ticket.class));
      } catch (JacksonException e) {
        log.debug("ticket is unreadable, json={}", json, e);
      }
    }

    @Override
    public void onNotFound() {
      // The command was not queued, or its entry is evicted; a decision is read over REST.
    }
  }

  /// Each hold starts with a `HELD` ticket; another decision about it ends the observation.
  private synchronized void onTicket(Ticket ticket) {
    if (ticket.reservationId() == null || !ticket.status().isFinal()) {
      return;
    }
    if (ticket.status() == TicketStatus.HELD && ticket.expiresAt() != null) {
      observeHold(ticket.reservationId(), ticket.expiresAt());
    } else if (ticket.status() == TicketStatus.CANCELLED
        || ticket.status() == TicketStatus.CONFIRMED && ticket.action() == Action.CONFIRM) {
      reservations.remove(ticket.reservationId());
      ended.add(ticket.reservationId());
    }
  }

  private void observeHold(long reservationId, Instant expiresAt) {
    if (!closed
        && !ended.contains(reservationId)
        && (reservations.containsKey(reservationId)
            || reservations.size() < settings.maxReservations())) {
      reservations
          .computeIfAbsent(reservationId, id -> new ObservedReservation(clock.instant()))
          .holdUntil(expiresAt);
    }
  }

  /// Reports a published end after a look-up of the reservation.
  void onEnded(long reservationId, Ending ending) {
    synchronized (this) {
      if (closed
          || ended.contains(reservationId)
          || !reservations.containsKey(reservationId)
              && reservations.size() >= settings.maxReservations()) {
        return;
      }
      Instant now = clock.instant();
      reservations
          .computeIfAbsent(reservationId, id -> new ObservedReservation(now))
          .onPublishedEnd(ending, now);
    }
    lookUpDueReservations();
  }

  /// Starts a look-up of each reservation that is due.
  void lookUpDueReservations() {
    List<Long> due = new ArrayList<>();
    synchronized (this) {
      if (reservations.isEmpty()) {
        return;
      }
      Instant now = clock.instant();
      reservations.forEach((id, reservation) -> {
        if (reservation.beginLookupIfDue(now)) {
          due.add(id);
        }
      });
    }
    for (long id : due) {
      ingress.findReservation(id, connection.user(), found -> onReservation(id, found));
    }
  }

  private synchronized void onReservation(long id, Lookup<JsonNode> found) {
    ObservedReservation reservation = reservations.get(id);
    if (closed || reservation == null) {
      return;
    }
    Instant now = clock.instant();
    switch (found) {
      case Lookup.Found<JsonNode>(JsonNode json) -> onReservation(id, reservation, json, now);
      case Lookup.NotFound<JsonNode> _ -> reservations.remove(id);
      case Lookup.Failed<JsonNode> _ -> {
        if (!reservation.onNoResult(now)) {
          reservations.remove(id);
        }
      }
    }
  }

  private void onReservation(long id, ObservedReservation reservation, JsonNode json, Instant now) {
    switch (json.path("status").asString("")) {
      case "HELD" -> {
        if (reservation.onHeld(now)) {
          sendReservation("HOLD_ENDING", json);
        }
      }
      case "EXPIRED" -> {
        endReservation(id);
        sendReservation("EXPIRED", json);
      }
      case "CANCELLED" -> {
        endReservation(id);
        if (reservation.publishedEnd().filter(Ending.CANCELLED::equals).isPresent()) {
          sendReservation("CANCELLED", json);
        }
      }
      default -> {
        // A confirmed reservation without a published end is no hold any more.
        if (reservation.publishedEnd().isEmpty() || !reservation.onNoResult(now)) {
          reservations.remove(id);
        }
      }
    }
  }

  private void endReservation(long id) {
    reservations.remove(id);
    ended.add(id);
  }

  private void sendReservation(String type, JsonNode json) {
    ObjectNode frame = Json.INTERNAL.createObjectNode();
    frame.put("type", type);
    frame.set("reservation", json);
    connection.send(Json.INTERNAL.writeValueAsString(frame));
  }

  /// Reads the running holds of the user in the background.
  void readHolds() {
    synchronized (this) {
      if (closed || holdsLookupInFlight) {
        return;
      }
      holdsLookupInFlight = true;
    }
    ingress.findHolds(connection.user(), this::onHolds);
  }

  private void onHolds(Lookup<JsonNode> found) {
    synchronized (this) {
      holdsLookupInFlight = false;
    }
    if (found instanceof Lookup.Found<JsonNode>(JsonNode page)) {
      holdsUnread = false;
      for (JsonNode hold : page.path("content")) {
        onHold(hold);
      }
    }
  }

  /// Sends a new offer after a look-up. If that fails, the next sweep reads the holds.
  void onOffer(long reservationId) {
    ingress.findReservation(
        reservationId,
        connection.user(),
        found -> {
          switch (found) {
            case Lookup.Found<JsonNode>(JsonNode json) -> {
              if (json.path("status").asString("").equals("HELD")) {
                onHold(json);
              }
            }
            case Lookup.NotFound<JsonNode> _, Lookup.Failed<JsonNode> _ -> holdsUnread = true;
          }
        });
  }

  private synchronized void sendOffer(JsonNode hold) {
    long id = hold.path("reservationId").asLong();
    if (!closed && !ended.contains(id) && sentOffers.add(id)) {
      ObjectNode reservation = hold.deepCopy().asObject();
      reservation.remove("event"); // a list contains it
      sendReservation("OFFER", reservation);
    }
  }

  /// The `HELD` state of its ticket announces a hold to the client, unless it is an offer.
  private void onHold(JsonNode hold) {
    boolean offer = hold.path("offer").asBoolean(false);
    try {
      if (offer) {
        sendOffer(hold);
      }
      UUID ticketId = UUID.fromString(hold.path("ticketId").asString(""));
      if (!hold.path("expiresAt").isNull() && hold.has("expiresAt")) {
        Instant expiresAt = Instant.parse(hold.get("expiresAt").asString());
        synchronized (this) {
          observeHold(hold.path("reservationId").asLong(), expiresAt);
        }
      }
      if (!offer) {
        feed.observeLater(this, ticketId);
      }
    } catch (IllegalArgumentException | DateTimeParseException e) {
      log.debug("hold is unreadable, hold={}", hold, e);
    }
  }

  @Override
  public void onFrame(String frame) {
    connection.send(ErrorFrame.noClientFrames());
  }

  @Override
  public void onClose() {
    List<Observation> observed;
    synchronized (this) {
      closed = true;
      observed = List.copyOf(tickets.values());
      tickets.clear();
      reservations.clear();
      ended.clear();
      sentOffers.clear();
    }
    feed.remove(this);
    observed.forEach(Observation::cancel);
  }
}
