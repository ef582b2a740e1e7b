package ticketing.ingress;

import java.time.Duration;
import java.util.List;

/// A request that is answered with an error, on purpose.
final class Problem extends RuntimeException {

  /// What is wrong with one field or parameter.
  record FieldError(String field, String message) {}

  private final ErrorCode code;
  private final Duration retryAfter;
  private final List<FieldError> errors;

  private Problem(ErrorCode code, String detail, Duration retryAfter, List<FieldError> errors) {
    super(detail, null, false, false);
    this.code = code;
    this.retryAfter = retryAfter;
    this.errors = List.copyOf(errors);
  }

  static Problem of(ErrorCode code, String detail) {
    return new Problem(code, detail, null, List.of());
  }

  /// @param retryAfter sent as whole seconds, at least one
  static Problem retry(ErrorCode code, String detail, Duration retryAfter) {
    return new Problem(code, detail, retryAfter, List.of());
  }

  static Problem rateLimited(Duration retryAfter) {
    return retry(ErrorCode.RATE_LIMITED, "Too many requests.", retryAfter);
  }

  static Problem invalid(String field, String message) {
    return invalid(List.of(new FieldError(field, message)));
  }

  static Problem invalid(List<FieldError> errors) {
    return new Problem(ErrorCode.INVALID_REQUEST, "The request is not valid.", null, errors);
  }

  ErrorCode code() {
    return code;
  }

  Duration retryAfter() {
    return retryAfter;
  }

  List<FieldError> errors() {
    return errors;
  }
}
