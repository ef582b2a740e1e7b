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
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.Page;
import org.springframework.data.domain.PageRequest;
import org.springframework.stereotype.Component;
import ticketing.domain.EventView;
import ticketing.domain.Money;
import ticketing.domain.Reason;
import ticketing.ingress.database.ReplicaReader;
import ticketing.ingress.event.EventCatalog;
import ticketing.ingress.http.PageResponse;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.reservation.ReservationView;

/// Reads the sales of events on a replica. The figures of an event are cached, so that many readers
/// cost one query.
@Component
class SalesReader {

  private static final int MAX_CACHED_EVENTS = 1_000;
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
          .countRejections(eventId, settings.maxCountedDecisions())
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
    long recent =
        sales.sumSeatsSince(
            event.eventId(), now.minus(RATE_WINDOW), settings.maxCountedDecisions());
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
    String wanted = status == null ? null : status.name();
    PageRequest range = PageRequest.of(page, size);
    return replica.read(() ->
        PageResponse.of(
            text == null
                ? sales.list(eventId, wanted, range)
                : search(eventId, wanted, text, range),
            SalesRepository.WithBuyer::view));
  }

  private Page<SalesRepository.WithBuyer> search(
      long eventId, @Nullable String status, String text, PageRequest range) {
    long id = text.matches(NUMBER) ? Long.parseLong(text) : 0;
    String pattern = text.replaceAll("([!%_])", "!$1");
    return sales.search(eventId, status, text, id, pattern, range);
  }

  /// Returns the export of the reservations that an event has now.
  ///
  /// @throws ApiException `EVENT_NOT_FOUND`, `EXPORT_TOO_LARGE`
  Export export(long eventId) {
    events.get(eventId);
    int max = settings.maxExportedRows();
    SalesRepository.Extent extent = replica.read(() -> sales.measure(eventId, max + 1));
    if (extent.getTotal() > max) {
      throw ApiException.of(
          ErrorCode.EXPORT_TOO_LARGE,
          "The event has more reservations than the maximum of %d.".formatted(max));
    }
    return new Export(eventId, extent.getTotal(), extent.getLastId());
  }

  /// Reservations of an event in order of their ids, read in chunks.
  final class Export {

    private final long eventId;
    private final long total;
    private final long last;
    private long after;

    private Export(long eventId, long total, long last) {
      this.eventId = eventId;
      this.total = total;
      this.last = last;
    }

    long total() {
      return total;
    }

    boolean hasMore() {
      return after < last;
    }

    List<SoldReservation> nextChunk() {
      List<SoldReservation> chunk =
          replica.read(() ->
              sales
                  .listAfter(eventId, after, last, PageRequest.of(0, settings.exportChunk()))
                  .stream()
                  .map(SalesRepository.WithBuyer::view)
                  .toList());
      after = chunk.isEmpty() ? last : chunk.getLast().reservationId();
      return chunk;
    }
  }
}
