package ticketing.ingress.sales;

import jakarta.servlet.http.HttpServletResponse;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import ticketing.ingress.audit.AuditAction;
import ticketing.ingress.audit.AuditLog;
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
  private static final String CSV = "text/csv;charset=UTF-8";
  private static final String BYTE_ORDER_MARK = "\uFEFF"; // spreadsheets then read UTF-8
  private static final String HEADER =
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
          "cancelledAt");

  private final SalesReader sales;
  private final EventCatalog events;
  private final AuditLog audit;
  private final Semaphore exports;

  SalesController(SalesReader sales, EventCatalog events, AuditLog audit, SalesSettings settings) {
    this.sales = sales;
    this.audit = audit;
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

  /// Writes the rows as they are read. The first chunk is read ahead of the response, so its
  /// failure has a status. A later failure breaks the connection, so no file is incomplete.
  @GetMapping(path = "/reservations.csv", produces = CSV)
  void export(@PathVariable long eventId, HttpMethod method, HttpServletResponse response)
      throws IOException {
    if (method == HttpMethod.HEAD) {
      events.get(eventId);
      setHeaders(response, eventId);
      return;
    }
    if (!exports.tryAcquire()) {
      throw ApiException.withRetryAfter(
          ErrorCode.OVERLOADED, "Other exports are running.", RETRY_AFTER);
    }
    try {
      SalesReader.Export export = sales.export(eventId);
      List<SoldReservation> chunk = export.nextChunk();
      audit.record(
          AuditAction.RESERVATIONS_EXPORTED,
          "operations/events/%d/reservations.csv".formatted(eventId),
          null,
          Map.of("rows", export.total()));
      setHeaders(response, eventId);
      PrintWriter out = response.getWriter();
      out.write(BYTE_ORDER_MARK + HEADER);
      chunk.forEach(row -> out.write(line(row)));
      // A print writer keeps a failed write to itself: the client has ended the connection.
      while (!out.checkError() && export.hasMore()) {
        export.nextChunk().forEach(row -> out.write(line(row)));
      }
    } finally {
      exports.release();
    }
  }

  private static void setHeaders(HttpServletResponse response, long eventId) {
    response.setContentType(CSV);
    response.setHeader(
        HttpHeaders.CONTENT_DISPOSITION,
        "attachment; filename=\"event-%d-reservations.csv\"".formatted(eventId));
  }

  private static String line(SoldReservation row) {
    return CsvLine.of(
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
        row.cancelledAt());
  }
}
