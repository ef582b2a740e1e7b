package ticketing.ingress.problem;

import org.springframework.http.HttpStatus;

/// Stable `code` of an error response. The names are part of the public contract.
public enum ErrorCode {
  INVALID_REQUEST(HttpStatus.BAD_REQUEST),
  /// The token of a mail is unknown, used or expired.
  INVALID_MAILED_TOKEN(HttpStatus.BAD_REQUEST),
  UNAUTHENTICATED(HttpStatus.UNAUTHORIZED),
  INVALID_CREDENTIALS(HttpStatus.UNAUTHORIZED),
  INVALID_REFRESH_TOKEN(HttpStatus.UNAUTHORIZED),
  FORBIDDEN(HttpStatus.FORBIDDEN),
  EMAIL_NOT_CONFIRMED(HttpStatus.FORBIDDEN),
  NOT_FOUND(HttpStatus.NOT_FOUND),
  EVENT_NOT_FOUND(HttpStatus.NOT_FOUND),
  SEAT_TYPE_NOT_FOUND(HttpStatus.NOT_FOUND),
  RESERVATION_NOT_FOUND(HttpStatus.NOT_FOUND),
  /// The reservation is not confirmed, its event is cancelled or over, or the deployment signs no
  /// passes.
  ENTRY_PASS_NOT_FOUND(HttpStatus.NOT_FOUND),
  /// The event has no numbered seats.
  NO_SEAT_MAP(HttpStatus.NOT_FOUND),
  SEAT_MAP_NOT_FOUND(HttpStatus.NOT_FOUND),
  /// The event has no poster, or none of the requested revision.
  POSTER_NOT_FOUND(HttpStatus.NOT_FOUND),
  WAITING_ENTRY_NOT_FOUND(HttpStatus.NOT_FOUND),
  TICKET_NOT_FOUND(HttpStatus.NOT_FOUND),
  USER_NOT_FOUND(HttpStatus.NOT_FOUND),
  DEAD_LETTER_NOT_FOUND(HttpStatus.NOT_FOUND),
  METHOD_NOT_ALLOWED(HttpStatus.METHOD_NOT_ALLOWED),
  NOT_ACCEPTABLE(HttpStatus.NOT_ACCEPTABLE),
  REQUEST_TIMEOUT(HttpStatus.REQUEST_TIMEOUT),
  EMAIL_TAKEN(HttpStatus.CONFLICT),
  /// The change would leave no administrator.
  LAST_ADMINISTRATOR(HttpStatus.CONFLICT),
  /// The event has more reservations than an export may have.
  EXPORT_TOO_LARGE(HttpStatus.CONFLICT),
  EVENT_CANCELLED(HttpStatus.CONFLICT),
  SALE_CLOSED(HttpStatus.CONFLICT),
  SOLD_OUT(HttpStatus.CONFLICT),
  /// A requested seat is not on sale now.
  SEATS_TAKEN(HttpStatus.CONFLICT),
  /// The event has no waiting list.
  NO_WAITING_LIST(HttpStatus.CONFLICT),
  /// The sale opens later, or is paused.
  SALE_NOT_OPEN(HttpStatus.CONFLICT),
  /// The change removes seats that are sold or held.
  SEATS_SOLD(HttpStatus.CONFLICT),
  /// The change is based on an older revision of the event.
  REVISION_CONFLICT(HttpStatus.CONFLICT),
  /// The total of the booking differs from the expected one.
  PRICE_CHANGED(HttpStatus.CONFLICT),
  HOLD_EXPIRED(HttpStatus.CONFLICT),
  /// The event has no revision of `If-Match`.
  PRECONDITION_FAILED(HttpStatus.PRECONDITION_FAILED),
  BODY_TOO_LARGE(HttpStatus.CONTENT_TOO_LARGE),
  URI_TOO_LONG(HttpStatus.URI_TOO_LONG),
  UNSUPPORTED_MEDIA_TYPE(HttpStatus.UNSUPPORTED_MEDIA_TYPE),
  RANGE_NOT_SATISFIABLE(HttpStatus.REQUESTED_RANGE_NOT_SATISFIABLE),
  /// The request has an `Expect` header other than `100-continue`.
  EXPECTATION_FAILED(HttpStatus.EXPECTATION_FAILED),
  IDEMPOTENCY_KEY_REUSED(HttpStatus.UNPROCESSABLE_CONTENT),
  RATE_LIMITED(HttpStatus.TOO_MANY_REQUESTS),
  HEADERS_TOO_LARGE(HttpStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
  INTERNAL_ERROR(HttpStatus.INTERNAL_SERVER_ERROR),
  /// Unknown transfer encoding or method of the connection.
  NOT_IMPLEMENTED(HttpStatus.NOT_IMPLEMENTED),
  HTTP_VERSION_NOT_SUPPORTED(HttpStatus.HTTP_VERSION_NOT_SUPPORTED),
  /// The queue does not contain the command, or the command is revoked. Exception: if the database
  /// is unavailable too, a command in doubt may be enqueued and decided later.
  QUEUE_UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE),
  DATABASE_UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE),
  /// The ticket was issued to the user, has no status entry, and the database is unavailable.
  TICKET_UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE),
  /// The change is accepted and undecided. The request is idempotent.
  CHANGE_PENDING(HttpStatus.SERVICE_UNAVAILABLE),
  /// The cache entries were not evicted. They expire after their TTL.
  CACHE_UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE),
  /// The keys of the issuer of access tokens are unavailable.
  ISSUER_UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE),
  LOGOUT_UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE),
  /// The store of the posters does not answer.
  POSTERS_UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE),
  FIGURES_UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE),
  OVERLOADED(HttpStatus.SERVICE_UNAVAILABLE);

  private final HttpStatus status;

  ErrorCode(HttpStatus status) {
    this.status = status;
  }

  public HttpStatus status() {
    return status;
  }
}
