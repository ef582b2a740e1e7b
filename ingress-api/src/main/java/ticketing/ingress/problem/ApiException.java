package ticketing.ingress.problem;

import java.time.Duration;
import java.util.List;

/// Expected failure of a request. [ProblemDetailAdvice] converts it to a problem detail. It has no
/// stack trace.
public final class ApiException extends RuntimeException {

  /// Validation error of one field or parameter.
  public record FieldError(String field, String message) {}

  private final ErrorCode code;
  private final Duration retryAfter;
  private final List<FieldError> errors;

  private ApiException(
      ErrorCode code, String detail, Duration retryAfter, List<FieldError> errors) {
    super(detail, null, false, false);
    this.code = code;
    this.retryAfter = retryAfter;
    this.errors = List.copyOf(errors);
  }

  public static ApiException of(ErrorCode code, String detail) {
    return new ApiException(code, detail, null, List.of());
  }

  /// @param retryAfter sent as `Retry-After` in whole seconds, at least one
  public static ApiException withRetryAfter(ErrorCode code, String detail, Duration retryAfter) {
    return new ApiException(code, detail, retryAfter, List.of());
  }

  public static ApiException rateLimited(Duration retryAfter) {
    return withRetryAfter(ErrorCode.RATE_LIMITED, "Too many requests.", retryAfter);
  }

  public static ApiException invalid(String field, String message) {
    return invalid(List.of(new FieldError(field, message)));
  }

  public static ApiException invalid(List<FieldError> errors) {
    return new ApiException(ErrorCode.INVALID_REQUEST, "The request is not valid.", null, errors);
  }

  public ErrorCode code() {
    return code;
  }

  Duration retryAfter() {
    return retryAfter;
  }

  List<FieldError> errors() {
    return errors;
  }
}
