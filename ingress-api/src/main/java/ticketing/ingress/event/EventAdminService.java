package ticketing.ingress.event;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.data.domain.Page;
import org.springframework.data.domain.PageRequest;
import org.springframework.data.domain.Pageable;
import org.springframework.data.domain.Sort;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import ticketing.domain.Command;
import ticketing.domain.Command.ChangeSeats.SeatMapChange;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.Json;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketIds;
import ticketing.domain.TicketStatus;
import ticketing.domain.seatmap.SeatMap;
import ticketing.ingress.audit.AuditAction;
import ticketing.ingress.audit.AuditLog;
import ticketing.ingress.command.CommandAcceptor;
import ticketing.ingress.command.IdempotencyKey;
import ticketing.ingress.database.ReplicaReader;
import ticketing.ingress.http.PageResponse;
import ticketing.ingress.information.EventInformation;
import ticketing.ingress.information.EventInformationCatalog;
import ticketing.ingress.information.ListedEvent;
import ticketing.ingress.notification.EventChangePublisher;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.seatmap.SeatMapCatalog;
import ticketing.ingress.security.AuthenticatedUser;
import ticketing.ingress.text.Digest;
import ticketing.ingress.text.NormalizedText;
import ticketing.ingress.ticket.TicketReader;
import ticketing.userfeed.UserChange.EventChanged;

/// Creates, changes, cancels and lists events. A change of seats passes through the queue like a
/// booking, because only workers write the seats of existing events.
@Component
public class EventAdminService {

  /// Event with its information in the audit log.
  ///
  /// @param description cut to 500 characters, so that the entry contains all fields
  /// @param descriptionDigest differs if the description differs after these characters
  private record AuditedEvent(
      @JsonUnwrapped EventView event,
      @Nullable Integer runningMinutes,
      @Nullable Integer minimumAge,
      @Nullable String refundRule,
      @Nullable String posterRevision,
      @Nullable String description,
      @Nullable String descriptionDigest) {

    private static final int MAX_CODE_POINTS = 500;

    static AuditedEvent of(EventView event, EventInformation information) {
      String text = information.description();
      boolean isLong = text != null && text.codePointCount(0, text.length()) > MAX_CODE_POINTS;
      return new AuditedEvent(
          event,
          information.runningMinutes(),
          information.minimumAge(),
          information.refundRule(),
          information.posterRevision(),
          isLong ? text.substring(0, text.offsetByCodePoints(0, MAX_CODE_POINTS)) + '…' : text,
          isLong ? Digest.of(text) : null);
    }
  }

  /// Committed change of a poster.
  ///
  /// @param formerRevision revision of the replaced or removed image
  public record PosterChange(EventView event, Optional<String> formerRevision) {}

  private static final Logger log = LoggerFactory.getLogger(EventAdminService.class);

  private static final int FIRST_SEAT_MAP = 1; // revision
  private static final Duration RETRY_DELAY = Duration.ofSeconds(2);

  /// Time in which a creation can be repeated with its `Idempotency-Key`, at least.
  private static final Duration CREATION_RETENTION = Duration.ofHours(48);

  private static final int MAX_DELETED_CREATIONS = 100; // in one transaction

  private final EventRepository events;
  private final ReplicaReader replica;
  private final EventCatalog catalog;
  private final CommandAcceptor acceptor;
  private final TicketReader tickets;
  private final TicketIds ids;
  private final EventSettings settings;
  private final EventCreationRepository creations;
  private final EventChangePublisher changes;
  private final SeatMapCatalog seatMaps;
  private final EventInformationCatalog information;
  private final Clock clock;
  private final AuditLog audit;
  private final TransactionTemplate transaction;

  EventAdminService(
      EventRepository events,
      ReplicaReader replica,
      EventCatalog catalog,
      CommandAcceptor acceptor,
      TicketReader tickets,
      TicketIds ids,
      EventSettings settings,
      EventCreationRepository creations,
      EventChangePublisher changes,
      SeatMapCatalog seatMaps,
      EventInformationCatalog information,
      Clock clock,
      AuditLog audit,
      PlatformTransactionManager transactions) {
    this.events = events;
    this.replica = replica;
    this.catalog = catalog;
    this.acceptor = acceptor;
    this.tickets = tickets;
    this.ids = ids;
    this.settings = settings;
    this.creations = creations;
    this.changes = changes;
    this.seatMaps = seatMaps;
    this.information = information;
    this.clock = clock;
    this.audit = audit;
    this.transaction = new TransactionTemplate(transactions);
  }

  /// Reads from a replica, which may lag.
  ///
  /// @param text part of the name or the venue; null: any
  /// @param from earliest date; null: now
  PageResponse<ListedEvent> list(
      @Nullable String text,
      @Nullable EventStatus status,
      @Nullable Instant from,
      @Nullable Instant to,
      Pageable page) {
    String pattern = text == null ? null : pattern(NormalizedText.of(text));
    Instant earliest = from == null ? clock.instant() : from;
    return replica.read(() -> {
      Page<EventView> found =
          events.list(pattern, status, earliest, to, page).map(EventEntity::view);
      return PageResponse.of(found, information.listed(found.map(EventView::eventId).getContent()));
    });
  }

  /// First page of the events from now on, by date.
  ///
  /// @param size 1 to [PageResponse#MAX_PAGE_SIZE]
  public PageResponse<ListedEvent> listUpcoming(int size) {
    return list(null, null, null, null, PageRequest.of(0, size, Sort.by("eventDate", "id")));
  }

  private static String pattern(String text) {
    return '%' + text.replaceAll("[!%_]", "!$0") + '%';
  }

  /// @throws ApiException `INVALID_REQUEST`
  public EventView create(EventRequest request) {
    EventRequest.ValidEvent valid = request.validate(clock.instant(), Optional.empty());
    EventView event = transaction.execute(status -> insert(valid));
    catalog.evictChanged(event);
    return event;
  }

  /// Creates an event. A repeated request with its `Idempotency-Key` gets the event of its first
  /// time, also if the event would be invalid now.
  ///
  /// @throws ApiException `INVALID_REQUEST`, `IDEMPOTENCY_KEY_REUSED`
  EventView createOnce(EventRequest request, IdempotencyKey key) {
    if (!key.mayBeRepeated()) {
      return create(request);
    }
    Optional<EventView> earlier = findCreated(key);
    if (earlier.isPresent()) {
      return earlier.get();
    }
    EventRequest.ValidEvent valid = request.validate(clock.instant(), Optional.empty());
    try {
      EventView event = transaction.execute(status -> insert(valid, key));
      catalog.evictChanged(event);
      return event;
    } catch (DataIntegrityViolationException e) {
      // A concurrent request with the same key was faster.
      return findCreated(key).orElseThrow(() -> e);
    }
  }

  private EventView insert(EventRequest.ValidEvent valid) {
    Integer revision = valid.map().isPresent() ? FIRST_SEAT_MAP : null;
    EventView event = events.saveAndFlush(EventEntity.of(valid.request(), revision)).view();
    valid.map().ifPresent(map -> seatMaps.insertFirst(event.eventId(), FIRST_SEAT_MAP, map));
    information.save(event.eventId(), valid.request().information());
    recordState(event);
    audit.record(AuditAction.EVENT_CREATED, object(event.eventId()), null, audited(event));
    return event;
  }

  private EventView insert(EventRequest.ValidEvent valid, IdempotencyKey key) {
    EventView event = insert(valid);
    Instant now = clock.instant();
    creations.save(new EventCreationEntity(key, event.eventId(), now));
    creations.deleteByIdIn(
        creations.findIdsUntil(
            now.minus(CREATION_RETENTION), PageRequest.of(0, MAX_DELETED_CREATIONS)));
    return event;
  }

  private Optional<EventView> findCreated(IdempotencyKey key) {
    return creations
        .find(EventCreationEntity.id(key))
        .map(created -> {
          if (!created.isOf(key)) {
            throw ApiException.of(
                ErrorCode.IDEMPOTENCY_KEY_REUSED,
                "This Idempotency-Key belongs to another request.");
          }
          return get(created.eventId());
        });
  }

  /// Changes the seats first. If their change is refused, the event is unchanged. Both changes
  /// require the revision on which the request is based, so an older change cannot undo a newer
  /// one. An edit or a cancellation between both follows this change as a whole: then the result is
  /// the event after it. If the change of seats was decided after the timeout of a first request, a
  /// repeated one makes the other changes.
  ///
  /// @param ifMatch values of `If-Match`; null if absent
  /// @throws ApiException `PRECONDITION_FAILED` if the event has no revision of `ifMatch`,
  ///   `INVALID_REQUEST`, `EVENT_NOT_FOUND`, `EVENT_CANCELLED`, `REVISION_CONFLICT` if the event
  ///   was edited in the meantime, `SEATS_SOLD` if it removes seats that are sold or held,
  ///   `CHANGE_PENDING` if its decision exceeds the timeout
  EventView change(
      AuthenticatedUser user, long eventId, EventRequest sent, @Nullable List<String> ifMatch) {
    EventView current = get(eventId);
    Optional<SeatMap> currentMap = findMap(current);
    EventRequest.ValidEvent valid = sent.validate(clock.instant(), currentMap);
    EventRequest request = valid.request();
    boolean isContinued = hasChangedSeats(user, sent, current);
    if (!isContinued) {
      requireMatch(current, ifMatch);
    }
    if (current.status() == EventStatus.CANCELLED) {
      throw cancelled();
    }
    if (!isContinued
        && request.revision() != null
        && !request.revision().equals(current.revision())) {
      throw revisionConflict();
    }
    Optional<SeatMap> newMap = valid.map().filter(map -> !currentMap.equals(Optional.of(map)));
    SeatMapChange mapChange =
        newMap.isPresent()
            ? SeatMapChange.REPLACE
            : valid.map().isEmpty() && currentMap.isPresent() ? SeatMapChange.REMOVE : null;
    boolean changesSeats = !request.hasSeatsOf(current) || mapChange != null;
    if (changesSeats) {
      UUID ticketId = ticketOf(user, sent, eventId, current.revision());
      boolean isRejected = tickets.findFinal(ticketId).isPresent();
      changeSeats(
          user,
          isRejected ? ids.newId(user.userId()) : ticketId,
          current,
          request,
          mapChange,
          newMap);
    }
    EventView changed =
        changeRow(
            current,
            AuditAction.EVENT_CHANGED,
            () -> {
              boolean isChanged =
                  changesSeats
                      ? events.updateDetails(eventId, current.revision() + 1, request, null) > 0
                      : changeDetails(current, request);
              if (isChanged) {
                information.save(eventId, request.information());
              }
              return isChanged;
            });
    if (isMoved(current, changed)) {
      changes.publishLater(EventChanged.Kind.EVENT_MOVED, changed, events::findUsers);
    }
    return changed;
  }

  /// Returns true if the last edit of the event changed the seats for the same request.
  private boolean hasChangedSeats(AuthenticatedUser user, EventRequest sent, EventView current) {
    return tickets
        .findFinal(ticketOf(user, sent, current.eventId(), current.revision() - 1))
        .filter(ticket -> ticket.status() == TicketStatus.CONFIRMED)
        .isPresent();
  }

  /// Returns the ticket of the change of seats of a request, which is the same if it is repeated.
  private UUID ticketOf(AuthenticatedUser user, EventRequest sent, long eventId, long revision) {
    String request = Digest.of(Json.INTERNAL.writeValueAsString(sent));
    return ids.derivedFrom(
        user.userId(),
        "seats of %s, revision %d: %s".formatted(object(eventId), revision, request));
  }

  private boolean changeDetails(EventView current, EventRequest request) {
    long id = current.eventId();
    if (events.updateDetails(id, current.revision(), request, EventStatus.CANCELLED) == 0) {
      throw get(id).status() == EventStatus.CANCELLED ? cancelled() : revisionConflict();
    }
    return true;
  }

  private static boolean isMoved(EventView earlier, EventView event) {
    return !event.eventDate().equals(earlier.eventDate())
        || !Objects.equals(event.venueName(), earlier.venueName())
        || !Objects.equals(event.venueAddress(), earlier.venueAddress());
  }

  private Optional<SeatMap> findMap(EventView event) {
    return event.seatMapRevision() == null
        ? Optional.empty()
        : Optional.of(
            seatMaps
                .find(event.eventId(), event.seatMapRevision())
                .orElseThrow(() ->
                    new IllegalStateException("event " + event.eventId() + " has no map row")));
  }

  private void changeSeats(
      AuthenticatedUser user,
      UUID ticketId,
      EventView current,
      EventRequest request,
      @Nullable SeatMapChange mapChange,
      Optional<SeatMap> newMap) {
    audit.record(
        AuditAction.EVENT_SEATS_CHANGED,
        object(current.eventId()),
        current.seatTypes(),
        request.offers());
    newMap.ifPresent(map -> insertMap(ticketId, current.eventId(), map));
    Ticket queued =
        acceptor.accept(acceptedAt ->
            new Command.ChangeSeats(
                    ticketId, user.userId(), current.eventId(), request.offers(), acceptedAt)
                .basedOn(current.revision())
                .withSeatMap(mapChange)
                .withAttemptId(UUID.randomUUID()));
    Ticket ticket = tickets.awaitDecision(queued, settings.changeTimeout());
    if (!ticket.status().isFinal()) {
      throw ApiException.withRetryAfter(
          ErrorCode.CHANGE_PENDING,
          "The change of seats is not decided yet; the request can be repeated.",
          RETRY_DELAY);
    }
    if (ticket.status() == TicketStatus.REJECTED) {
      throw refused(ticket.reason());
    }
  }

  /// The map is too large for a message of the queue.
  private void insertMap(UUID ticketId, long eventId, SeatMap map) {
    try {
      transaction.executeWithoutResult(status -> seatMaps.insertChange(ticketId, eventId, map));
    } catch (DataIntegrityViolationException e) {
      log.debug("an earlier request inserted the map, ticket={}", ticketId, e);
    }
  }

  private static ApiException refused(Reason reason) {
    return switch (reason) {
      case SEATS_SOLD ->
          ApiException.of(
              ErrorCode.SEATS_SOLD, "Seats that are sold or held cannot be taken away.");
      case REVISION_CONFLICT -> revisionConflict();
      case EVENT_NOT_FOUND -> EventCatalog.notFound();
      case EVENT_CANCELLED -> cancelled();
      case GAVE_UP ->
          ApiException.withRetryAfter(
              ErrorCode.CHANGE_PENDING, "The change is in the dead-letter queue.", RETRY_DELAY);
      case SOLD_OUT,
          SEATS_TAKEN,
          SEAT_TYPE_NOT_FOUND,
          SALE_NOT_OPEN,
          SALE_CLOSED,
          LIMIT_EXCEEDED,
          RESERVATION_NOT_FOUND,
          NOT_CANCELLABLE,
          NOT_CONFIRMABLE,
          HOLD_EXPIRED,
          SEATS_AVAILABLE,
          ALREADY_WAITING,
          NOT_WAITING,
          NO_WAITING_LIST ->
          throw new IllegalStateException("a change of seats was rejected with " + reason);
    };
  }

  /// Cancels the event permanently. Idempotent.
  ///
  /// @throws ApiException `EVENT_NOT_FOUND`, `PRECONDITION_FAILED`
  void cancel(long eventId, @Nullable List<String> ifMatch) {
    EventView event = get(eventId);
    requireMatch(event, ifMatch);
    if (event.status() != EventStatus.CANCELLED) {
      EventView cancelled = setStatus(eventId, EventStatus.CANCELLED);
      changes.publishLater(EventChanged.Kind.EVENT_CANCELLED, cancelled, events::findUsers);
    }
  }

  /// Pauses or resumes the sale. Idempotent.
  ///
  /// @throws ApiException `EVENT_NOT_FOUND`, `EVENT_CANCELLED`
  public EventView setStatus(long eventId, EventStatus to) {
    AuditAction action =
        switch (to) {
          case ACTIVE -> AuditAction.SALE_RESUMED;
          case PAUSED -> AuditAction.SALE_PAUSED;
          case CANCELLED -> AuditAction.EVENT_CANCELLED;
        };
    return changeRow(
        get(eventId),
        action,
        () -> {
          boolean changed = events.setStatus(eventId, to, EventStatus.CANCELLED) > 0;
          if (get(eventId).status() != to) {
            throw cancelled();
          }
          return changed;
        });
  }

  /// Replaces the poster.
  ///
  /// @param revision revision of the new image, which is stored; null removes the poster
  /// @param ifMatch values of `If-Match`; null if absent
  /// @throws ApiException as [#requirePosterChangeable]
  public PosterChange changePoster(
      long eventId, @Nullable String revision, @Nullable List<String> ifMatch) {
    EventView former = requirePosterChangeable(eventId, ifMatch);
    Long required = ifMatch == null ? null : former.revision();
    AtomicReference<String> formerPoster = new AtomicReference<>();
    EventView event =
        changeRow(
            former,
            revision == null ? AuditAction.POSTER_REMOVED : AuditAction.POSTER_REPLACED,
            () -> {
              if (events.raiseRevision(eventId, required, EventStatus.CANCELLED) == 0) {
                throw get(eventId).status() == EventStatus.CANCELLED
                    ? cancelled()
                    : revisionConflict();
              }
              formerPoster.set(information.savePoster(eventId, revision));
              return true;
            });
    return new PosterChange(event, Optional.ofNullable(formerPoster.get()));
  }

  /// The rules are those of a change of the event.
  ///
  /// @param ifMatch values of `If-Match`; null if absent
  /// @throws ApiException `EVENT_NOT_FOUND`, `PRECONDITION_FAILED`, `EVENT_CANCELLED`,
  ///   `INVALID_REQUEST` for an event of the past
  public EventView requirePosterChangeable(long eventId, @Nullable List<String> ifMatch) {
    EventView event = get(eventId);
    requireMatch(event, ifMatch);
    if (event.status() == EventStatus.CANCELLED) {
      throw cancelled();
    }
    if (!event.eventDate().isAfter(clock.instant())) {
      throw ApiException.invalid("eventDate", "must be in the future");
    }
    return event;
  }

  private EventView get(long eventId) {
    return events.find(eventId).map(EventEntity::view).orElseThrow(EventCatalog::notFound);
  }

  /// Records the change in its transaction, unless it changed no value.
  ///
  /// @param former state ahead of the change. A read in the transaction would fix its snapshot
  /// @param change returns true if it changed the row, and then holds its lock
  private EventView changeRow(EventView former, AuditAction action, BooleanSupplier change) {
    long eventId = former.eventId();
    AuditedEvent audited = audited(former);
    EventView event =
        transaction.execute(status -> {
          boolean changed = change.getAsBoolean();
          EventView current = get(eventId);
          if (changed) {
            recordState(current);
            audit.record(action, object(eventId), audited, audited(current));
          }
          return current;
        });
    catalog.evictChanged(event);
    return event;
  }

  private static void requireMatch(EventView event, @Nullable List<String> ifMatch) {
    if (!EventTag.of(event).satisfies(ifMatch)) {
      throw ApiException.of(
          ErrorCode.PRECONDITION_FAILED, "The event was edited since the revision of If-Match.");
    }
  }

  private AuditedEvent audited(EventView event) {
    return AuditedEvent.of(event, information.find(event.eventId()));
  }

  /// The audit of a sale replays decisions between recorded states.
  private void recordState(EventView event) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    events.recordState(event.eventId(), Json.INTERNAL.writeValueAsString(event), now);
  }

  private static String object(long eventId) {
    return "events/" + eventId;
  }

  private static ApiException revisionConflict() {
    return ApiException.of(
        ErrorCode.REVISION_CONFLICT, "The event was edited since the revision of this request.");
  }

  private static ApiException cancelled() {
    return ApiException.of(ErrorCode.EVENT_CANCELLED, "The event is cancelled.");
  }
}
