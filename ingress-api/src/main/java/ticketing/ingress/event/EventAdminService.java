package ticketing.ingress.event;

import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.springframework.data.domain.Pageable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import ticketing.domain.Command;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketIds;
import ticketing.domain.TicketStatus;
import ticketing.ingress.command.CommandAcceptor;
import ticketing.ingress.database.ReplicaReader;
import ticketing.ingress.http.PageResponse;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.security.AuthenticatedUser;
import ticketing.ingress.ticket.TicketReader;

/// What administrators do with events. Everything but the seats is written here; a change of seats
/// goes through the queue like a booking, because only workers write them.
@Component
public class EventAdminService {

  private static final Duration RETRY = Duration.ofSeconds(2);

  private final EventRepository events;
  private final ReplicaReader reads;
  private final EventCatalog catalog;
  private final CommandAcceptor queue;
  private final TicketReader tickets;
  private final EventSettings settings;
  private final TransactionTemplate writing;

  EventAdminService(
      EventRepository events,
      ReplicaReader reads,
      EventCatalog catalog,
      CommandAcceptor queue,
      TicketReader tickets,
      EventSettings settings,
      PlatformTransactionManager transactions) {
    this.events = events;
    this.reads = reads;
    this.catalog = catalog;
    this.queue = queue;
    this.tickets = tickets;
    this.settings = settings;
    this.writing = new TransactionTemplate(transactions);
  }

  /// From a replica, which may lag: it decides nothing.
  PageResponse<EventView> list(EventStatus status, Instant from, Instant to, Pageable page) {
    return reads.read(
        () -> PageResponse.of(events.list(status, from, to, page), EventEntity::view));
  }

  public EventView create(EventRequest request) {
    EventView event = writing.execute(tx -> events.save(EventEntity.of(request)).view());
    catalog.changed(event);
    return event;
  }

  /// Seats first: if they are refused, nothing has changed.
  ///
  /// @throws Problem `SEATS_SOLD` if it would take away what is sold, `CHANGE_PENDING` if it has
  ///   not been decided in time
  EventView change(AuthenticatedUser caller, long eventId, EventRequest request) {
    EventView before = get(eventId);
    if (before.status() == EventStatus.CANCELLED) {
      throw cancelled();
    }
    if (!request.offersSameAs(before)) {
      changeSeats(caller, eventId, request);
    }
    return changed(eventId, () -> events.describe(eventId, request, EventStatus.CANCELLED) > 0);
  }

  private void changeSeats(AuthenticatedUser caller, long eventId, EventRequest request) {
    UUID ticketId = TicketIds.newId();
    Ticket queued =
        queue.accept(
            acceptedAt ->
                new Command.ChangeSeats(
                        ticketId, caller.userId(), eventId, request.offers(), acceptedAt)
                    .withAttemptId(UUID.randomUUID()));
    Ticket ticket = tickets.await(queued, settings.changeTimeout());
    if (!ticket.status().isFinal()) {
      throw ApiException.withRetryAfter(
          ErrorCode.CHANGE_PENDING,
          "The change of seats waits for its decision; sending it again is harmless.",
          RETRY);
    }
    if (ticket.status() == TicketStatus.REJECTED) {
      throw refused(ticket.reason());
    }
  }

  private static ApiException refused(Reason reason) {
    return switch (reason) {
      case SEATS_SOLD ->
          ApiException.of(
              ErrorCode.SEATS_SOLD, "Seats that are sold or held cannot be taken away.");
      case EVENT_NOT_FOUND -> EventCatalog.notFound();
      case EVENT_CANCELLED -> cancelled();
      case GAVE_UP ->
          ApiException.withRetryAfter(
              ErrorCode.CHANGE_PENDING, "The change lies with the dead letters.", RETRY);
      case SOLD_OUT,
          SEAT_TYPE_NOT_FOUND,
          SALE_NOT_OPEN,
          SALE_CLOSED,
          LIMIT_EXCEEDED,
          RESERVATION_NOT_FOUND,
          NOT_CANCELLABLE,
          NOT_CONFIRMABLE,
          HOLD_EXPIRED ->
          throw new IllegalStateException("a change of seats was rejected with " + reason);
    };
  }

  /// For ever; once more is harmless.
  void cancel(long eventId) {
    EventView event = get(eventId);
    if (event.status() != EventStatus.CANCELLED) {
      turn(eventId, EventStatus.CANCELLED);
    }
  }

  /// Stops or resumes the sale; once more is harmless.
  ///
  /// @throws Problem `EVENT_CANCELLED`
  public EventView turn(long eventId, EventStatus to) {
    return changed(
        eventId,
        () -> {
          events.turn(eventId, to, EventStatus.CANCELLED);
          return get(eventId).status() == to;
        });
  }

  private EventView get(long eventId) {
    return events.find(eventId).map(EventEntity::view).orElseThrow(EventCatalog::notFound);
  }

  private EventView changed(long eventId, BooleanSupplier change) {
    EventView event =
        writing.execute(
            tx -> {
              boolean done = change.getAsBoolean();
              EventView now = get(eventId);
              if (!done) {
                throw cancelled();
              }
              return now;
            });
    catalog.changed(event);
    return event;
  }

  private static ApiException cancelled() {
    return ApiException.of(ErrorCode.EVENT_CANCELLED, "The event is cancelled.");
  }
}
