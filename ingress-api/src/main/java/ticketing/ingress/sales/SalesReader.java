package ticketing.ingress.sales;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.PageRequest;
import org.springframework.stereotype.Component;
import ticketing.domain.EventView;
import ticketing.domain.Money;
import ticketing.domain.Reason;
import ticketing.ingress.database.ReplicaReader;
import ticketing.ingress.event.EventCatalog;
import ticketing.ingress.http.PageResponse;
import ticketing.ingress.reservation.ReservationView;

/// Reads the sales of events on a replica. The figures of an event are cached, so that many readers
/// cost one query.
@Component
class SalesReader {

  private static final int MAX_CACHED_EVENTS = 1_000;
  private static final int EXPORT_CHUNK = 1_000; // rows of one query
  private static final String NUMBER = "[0-9]{1,18}";
  private static final Duration RATE_WINDOW = Duration.ofMinutes(10);

  private final EventCatalog events;
  private final SalesRepository sales;
  private final ReplicaReader replica;
  private final SalesSettings settings;
  private final Clock clock;
  private final LoadingCache<Long, EventSales> figures;

  SalesReader(
      EventCatalog events,
      SalesRepository sales,
      ReplicaReader replica,
      SalesSettings settings,
      Clock clock) {
    this.events = events;
    this.sales = sales;
    this.replica = replica;
    this.settings = settings;
    this.clock = clock;
    this.figures =
        Caffeine.newBuilder()
            .maximumSize(MAX_CACHED_EVENTS)
            .expireAfterWrite(settings.ttl())
            .build(this::load);
  }

  /// @throws ticketing.ingress.problem.ApiException `EVENT_NOT_FOUND`
  EventSales of(long eventId) {
    return figures.get(eventId);
  }

  private EventSales load(long eventId) {
    EventView event = events.get(eventId);
    return replica.read(() -> {
      List<SalesRepository.Sold> sold = sales.findSold(eventId);
      List<EventSales.TypeSales> types =
          event.seatTypes().stream().map(type -> typeSales(type, sold)).toList();
      BigDecimal revenue =
          sold.stream()
              .filter(row -> row.status().equals("CONFIRMED"))
              .map(SalesRepository.Sold::total)
              .reduce(BigDecimal.ZERO, BigDecimal::add);
      Map<Reason, Long> rejections = new EnumMap<>(Reason.class);
      sales
          .countRejections(eventId, settings.maxRejections())
          .forEach(row -> rejections.put(Reason.valueOf(row.getReason()), row.getTimes()));
      return new EventSales(
          eventId, new Money(revenue), types, rejections, curve(eventId), soldOutAt(event));
    });
  }

  private static EventSales.TypeSales typeSales(
      EventView.SeatTypeView type, List<SalesRepository.Sold> sold) {
    long confirmed = 0;
    long held = 0;
    BigDecimal revenue = BigDecimal.ZERO;
    for (SalesRepository.Sold row : sold) {
      if (type.seatType().equals(row.seatType()) && row.status().equals("CONFIRMED")) {
        confirmed += row.seats();
        revenue = revenue.add(row.total());
      } else if (type.seatType().equals(row.seatType())) {
        held += row.seats();
      }
    }
    return new EventSales.TypeSales(
        type.seatType(),
        type.price(),
        type.totalSeats(),
        type.availableSeats(),
        confirmed,
        held,
        new Money(revenue));
  }

  private List<EventSales.Point> curve(long eventId) {
    SalesRepository.Span span = sales.findSpan(eventId);
    Instant first = span.first();
    if (first == null) {
      return List.of();
    }
    long length =
        Duration.between(first, span.last()).toSeconds() / settings.curvePoints() + 1; // s
    List<EventSales.Point> points = new ArrayList<>(List.of(new EventSales.Point(first, 0)));
    long seats = 0;
    for (SalesRepository.Change change :
        sales.findChanges(eventId, first.getEpochSecond(), length)) {
      seats += change.getSeats();
      points.add(new EventSales.Point(first.plusSeconds((change.getSlot() + 1) * length), seats));
    }
    return points;
  }

  private @Nullable Instant soldOutAt(EventView event) {
    Instant now = clock.instant();
    // All changes of the window are one slot.
    long recent =
        sales
            .findChanges(
                event.eventId(),
                now.minus(RATE_WINDOW).getEpochSecond(),
                RATE_WINDOW.multipliedBy(2).toSeconds())
            .stream()
            .filter(change -> change.getSlot() == 0)
            .mapToLong(SalesRepository.Change::getSeats)
            .sum();
    return recent <= 0 || event.availableSeats() == 0
        ? null
        : now.plusSeconds(event.availableSeats() * RATE_WINDOW.toSeconds() / recent);
  }

  /// Returns the reservations of an event, newest first.
  ///
  /// @param text id of a reservation, user or seat, or the begin of an email or a name; null: any
  PageResponse<SoldReservation> reservations(
      long eventId,
      @Nullable String text,
      ReservationView.@Nullable Status status,
      int page,
      int size) {
    events.get(eventId);
    long id = text != null && text.matches(NUMBER) ? Long.parseLong(text) : 0;
    String pattern = text == null ? null : text.replaceAll("([!%_])", "!$1");
    return replica.read(() ->
        PageResponse.of(
            sales.list(
                eventId,
                status == null ? null : status.name(),
                text,
                id,
                pattern,
                PageRequest.of(page, size)),
            SalesRepository.WithBuyer::view));
  }

  /// Passes all reservations of an event in order of their ids, up to the maximum of the settings.
  void forEachReservation(long eventId, Consumer<SoldReservation> consumer) {
    long after = 0;
    for (int rows = 0; rows < settings.maxExportedRows(); rows += EXPORT_CHUNK) {
      long previous = after;
      int size = Math.min(EXPORT_CHUNK, settings.maxExportedRows() - rows);
      List<SoldReservation> chunk =
          replica.read(() ->
              sales.listAfter(eventId, previous, PageRequest.of(0, size)).stream()
                  .map(SalesRepository.WithBuyer::view)
                  .toList());
      chunk.forEach(consumer);
      if (chunk.size() < size) {
        return;
      }
      after = chunk.getLast().reservationId();
    }
  }
}
