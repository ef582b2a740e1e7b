package ticketing.ingress.sales;

import jakarta.servlet.http.HttpServletResponse;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import ticketing.ingress.event.EventCatalog;
import ticketing.ingress.http.PageResponse;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.reservation.ReservationView;
import ticketing.ingress.text.CodePoints;

/// Sales of an event for staff.
@RestController
@RequestMapping("/api/v1/operations/events/{eventId}")
class SalesController {

  private static final Duration RETRY_AFTER = Duration.ofSeconds(5);
  private static final String BYTE_ORDER_MARK = "\uFEFF"; // spreadsheets then read UTF-8

  private final SalesReader sales;
  private final EventCatalog events;
  private final Semaphore exports;

  SalesController(SalesReader sales, EventCatalog events, SalesSettings settings) {
    this.sales = sales;
    this.events = events;
    this.exports = new Semaphore(settings.maxExports());
  }

  @GetMapping(path = "/sales", produces = MediaType.APPLICATION_JSON_VALUE)
  EventSales sales(@PathVariable long eventId) {
    return sales.of(eventId);
  }

  @GetMapping(path = "/reservations", produces = MediaType.APPLICATION_JSON_VALUE)
  PageResponse<SoldReservation> reservations(
      @PathVariable long eventId,
      @RequestParam(required = false) @CodePoints(min = 1, max = 100) @Nullable String q,
      @RequestParam(required = false) ReservationView.@Nullable Status status,
      @RequestParam(defaultValue = "0") @Min(0) @Max(PageResponse.MAX_PAGE_NUMBER) int page,
      @RequestParam(defaultValue = "20") @Min(1) @Max(PageResponse.MAX_PAGE_SIZE) int size) {
    return sales.reservations(eventId, q, status, page, size);
  }

  /// Writes the rows as they are read. A failure breaks the connection, so no file is incomplete.
  @GetMapping(path = "/reservations.csv", produces = "text/csv;charset=UTF-8")
  void export(@PathVariable long eventId, HttpServletResponse response) throws IOException {
    events.get(eventId);
    if (!exports.tryAcquire()) {
      throw ApiException.withRetryAfter(
          ErrorCode.OVERLOADED, "Other exports are running.", RETRY_AFTER);
    }
    try {
      response.setContentType("text/csv;charset=UTF-8");
      response.setHeader(
          HttpHeaders.CONTENT_DISPOSITION,
          "attachment; filename=\"event-%d-reservations.csv\"".formatted(eventId));
      Writer out = response.getWriter();
      out.write(BYTE_ORDER_MARK);
      out.write(
          CsvLine.of(
              "reservationId",
              "userId",
              "name",
              "email",
              "seatType",
              "quantity",
              "seats",
              "totalPrice",
              "status",
              "reservedAt",
              "expiresAt",
              "cancelledAt"));
      sales.forEachReservation(eventId, row -> write(out, row));
    } finally {
      exports.release();
    }
  }

  private static void write(Writer out, SoldReservation row) {
    try {
      out.write(
          CsvLine.of(
              row.reservationId(),
              row.userId(),
              row.name(),
              row.email(),
              row.seatType(),
              row.quantity(),
              row.seats() == null ? null : String.join(" ", row.seats()),
              row.totalPrice() == null ? null : row.totalPrice().amount().toPlainString(),
              row.status(),
              row.reservedAt(),
              row.expiresAt(),
              row.cancelledAt()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
