package ticketing.ingress.problem;

import org.springframework.http.HttpStatus;

/// The stable `code` of an error answer. The names are part of the public contract.
public enum ErrorCode {
  INVALID_REQUEST(HttpStatus.BAD_REQUEST),
  UNAUTHENTICATED(HttpStatus.UNAUTHORIZED),
  INVALID_CREDENTIALS(HttpStatus.UNAUTHORIZED),
  FORBIDDEN(HttpStatus.FORBIDDEN),
  NOT_FOUND(HttpStatus.NOT_FOUND),
  EVENT_NOT_FOUND(HttpStatus.NOT_FOUND),
  SEAT_TYPE_NOT_FOUND(HttpStatus.NOT_FOUND),
  RESERVATION_NOT_FOUND(HttpStatus.NOT_FOUND),
  TICKET_NOT_FOUND(HttpStatus.NOT_FOUND),
  METHOD_NOT_ALLOWED(HttpStatus.METHOD_NOT_ALLOWED),
  NOT_ACCEPTABLE(HttpStatus.NOT_ACCEPTABLE),
  EMAIL_TAKEN(HttpStatus.CONFLICT),
  EVENT_CANCELLED(HttpStatus.CONFLICT),
  SALE_CLOSED(HttpStatus.CONFLICT),
  SOLD_OUT(HttpStatus.CONFLICT),
  /// A change would take seats away that are sold or held.
  SEATS_SOLD(HttpStatus.CONFLICT),
  BODY_TOO_LARGE(HttpStatus.CONTENT_TOO_LARGE),
  UNSUPPORTED_MEDIA_TYPE(HttpStatus.UNSUPPORTED_MEDIA_TYPE),
  IDEMPOTENCY_KEY_REUSED(HttpStatus.UNPROCESSABLE_CONTENT),
  SALE_NOT_OPEN(HttpStatus.TOO_EARLY),
  RATE_LIMITED(HttpStatus.TOO_MANY_REQUESTS),
  INTERNAL_ERROR(HttpStatus.INTERNAL_SERVER_ERROR),
  /// The queue does not have the command, or it was withdrawn. Only when the database does not
  /// answer either may a command in doubt be decided all the same.
  QUEUE_UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE),
  DATABASE_UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE),
  /// The ticket is undecided and its state cannot be read right now.
  TICKET_UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE),
  /// The change is accepted but not decided yet; sending it again is harmless.
  CHANGE_PENDING(HttpStatus.SERVICE_UNAVAILABLE),
  /// The copies could not be removed; they live for their short time only.
  CACHE_UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE),
  LOGOUT_UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE),
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
