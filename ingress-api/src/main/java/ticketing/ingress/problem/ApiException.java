package ticketing.ingress.problem;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import ticketing.domain.Money;

/// Expected failure of a request. [ProblemDetailAdvice] converts it to a problem detail. It has no
/// stack trace.
public final class ApiException extends RuntimeException {

  /// Validation error of one field or parameter.
  public record FieldError(String field, String message) {}

  private final ErrorCode code;
  private final @Nullable Duration retryAfter;
  private final List<FieldError> errors;
  private final @Nullable Instant opensAt;
  private final @Nullable Money currentTotal;

  private ApiException(
      ErrorCode code,
      String detail,
      @Nullable Duration retryAfter,
      List<FieldError> errors,
      @Nullable Instant opensAt,
      @Nullable Money currentTotal) {
    super(detail, null, false, false);
    this.code = code;
    this.retryAfter = retryAfter;
    this.errors = List.copyOf(errors);
    this.opensAt = opensAt;
    this.currentTotal = currentTotal;
  }

  public static ApiException of(ErrorCode code, String detail) {
    return new ApiException(code, detail, null, List.of(), null, null);
  }

  /// @param retryAfter sent as `Retry-After` in whole seconds, at least one
  public static ApiException withRetryAfter(ErrorCode code, String detail, Duration retryAfter) {
    return new ApiException(code, detail, retryAfter, List.of(), null, null);
  }

  /// `SALE_NOT_OPEN`.
  ///
  /// @param opensAt opening of the sale; null for a paused sale
  public static ApiException saleNotOpen(
      String detail, Duration retryAfter, @Nullable Instant opensAt) {
    return new ApiException(ErrorCode.SALE_NOT_OPEN, detail, retryAfter, List.of(), opensAt, null);
  }

  /// `PRICE_CHANGED`.
  ///
  /// @param currentTotal total of the booking at the current price
  public static ApiException priceChanged(Money currentTotal) {
    return new ApiException(
        ErrorCode.PRICE_CHANGED,
        "The current total is " + currentTotal + ".",
        null,
        List.of(),
        null,
        currentTotal);
  }

  public static ApiException rateLimited(Duration retryAfter) {
    return withRetryAfter(ErrorCode.RATE_LIMITED, "Too many requests.", retryAfter);
  }

  public static ApiException invalid(String field, String message) {
    return invalid(List.of(new FieldError(field, message)));
  }

  public static ApiException invalid(List<FieldError> errors) {
    return new ApiException(
        ErrorCode.INVALID_REQUEST, "The request is not valid.", null, errors, null, null);
  }

  public ErrorCode code() {
    return code;
  }

  @Nullable Duration retryAfter() {
    return retryAfter;
  }

  List<FieldError> errors() {
    return errors;
  }

  @Nullable Instant opensAt() {
    return opensAt;
  }

  @Nullable Money currentTotal() {
    return currentTotal;
  }
}
