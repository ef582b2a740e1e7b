package ticketing.ingress.problem;

import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.validation.ConstraintViolationException;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.hibernate.HibernateException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.webmvc.error.ErrorController;
import org.springframework.context.MessageSourceResolvable;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.DataAccessException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.web.firewall.RequestRejectedException;
import org.springframework.transaction.TransactionException;
import org.springframework.util.InvalidMimeTypeException;
import org.springframework.validation.FieldError;
import org.springframework.validation.method.ParameterErrors;
import org.springframework.web.bind.MethodArgumentNotValidException;
import org.springframework.web.bind.MissingServletRequestParameterException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.method.annotation.HandlerMethodValidationException;
import org.springframework.web.method.annotation.MethodArgumentTypeMismatchException;
import org.springframework.web.servlet.mvc.method.annotation.ResponseEntityExceptionHandler;
import org.springframework.web.util.UriUtils;
import ticketing.database.DatabaseErrors;
import ticketing.security.IssuerUnavailableException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.databind.json.JsonMapper;

/// Converts every failure to an RFC 9457 problem detail with a stable `code`. Validation failures
/// have `errors[]`.
@RestControllerAdvice
@RestController
public class ProblemDetailAdvice extends ResponseEntityExceptionHandler implements ErrorController {

  private static final Logger log = LoggerFactory.getLogger(ProblemDetailAdvice.class);
  private static final Duration DATABASE_RETRY_AFTER = Duration.ofSeconds(2);
  private static final Duration ISSUER_RETRY_AFTER = Duration.ofSeconds(5);

  private final JsonMapper json;

  ProblemDetailAdvice(JsonMapper json) {
    this.json = json;
  }

  @ExceptionHandler
  ResponseEntity<ProblemDetail> handleApiException(ApiException problem) {
    return ResponseEntity.status(problem.code().status())
        .headers(headers -> addHeaders(headers, problem))
        .contentType(MediaType.APPLICATION_PROBLEM_JSON)
        .body(toProblemDetail(problem));
  }

  @ExceptionHandler
  ResponseEntity<ProblemDetail> handleConstraintViolation(ConstraintViolationException failure) {
    List<ApiException.FieldError> errors =
        failure.getConstraintViolations().stream()
            .map(violation ->
                new ApiException.FieldError(
                    violation.getPropertyPath().toString(), violation.getMessage()))
            .toList();
    return handleApiException(ApiException.invalid(errors));
  }

  /// Tomcat parses parameters lazily, so a malformed parameter fails inside the handler.
  @ExceptionHandler({InvalidParameterException.class, RequestRejectedException.class})
  ResponseEntity<ProblemDetail> handleMalformedParameters(RuntimeException failure) {
    return handleApiException(ApiException.invalid("parameters", "cannot be read"));
  }

  /// Thrown by the probes for an `Accept` that is no list of media types.
  @ExceptionHandler
  ResponseEntity<ProblemDetail> handleInvalidMediaType(InvalidMimeTypeException failure) {
    return handleApiException(
        ApiException.of(ErrorCode.NOT_ACCEPTABLE, "Accept is no list of media types."));
  }

  /// Thrown by method security. The security filter chain handles all other denials.
  @ExceptionHandler
  ResponseEntity<ProblemDetail> handleAccessDenied(AccessDeniedException failure) {
    return handleApiException(forbidden());
  }

  @ExceptionHandler({
    DataAccessException.class,
    TransactionException.class,
    HibernateException.class
  })
  ResponseEntity<ProblemDetail> handleDatabaseFailure(RuntimeException failure) {
    if (!DatabaseErrors.isRetryable(failure)) {
      return handleUnexpectedFailure(failure);
    }
    log.warn("database unavailable, cause={}", rootMessage(failure));
    return handleApiException(databaseUnavailable());
  }

  @ExceptionHandler
  ResponseEntity<ProblemDetail> handleUnexpectedFailure(RuntimeException failure) {
    log.error("unexpected failure", failure);
    return handleApiException(
        ApiException.of(ErrorCode.INTERNAL_ERROR, "An unexpected error occurred."));
  }

  /// Converts a failure outside of a handler.
  public ResponseEntity<ProblemDetail> handle(RuntimeException failure) {
    return switch (failure) {
      case ApiException problem -> handleApiException(problem);
      case DataAccessException unavailable -> handleDatabaseFailure(unavailable);
      case TransactionException unavailable -> handleDatabaseFailure(unavailable);
      case HibernateException unavailable -> handleDatabaseFailure(unavailable);
      default -> handleUnexpectedFailure(failure);
    };
  }

  static ApiException databaseUnavailable() {
    return ApiException.withRetryAfter(
        ErrorCode.DATABASE_UNAVAILABLE, "The database is unavailable.", DATABASE_RETRY_AFTER);
  }

  static ApiException forbidden() {
    return ApiException.of(ErrorCode.FORBIDDEN, "The operation requires another role.");
  }

  static ApiException issuerUnavailable() {
    return ApiException.withRetryAfter(
        ErrorCode.ISSUER_UNAVAILABLE,
        "The keys of the token's issuer are unavailable.",
        ISSUER_RETRY_AFTER);
  }

  static ApiException unauthenticated() {
    return ApiException.of(ErrorCode.UNAUTHENTICATED, "A valid bearer token is required.");
  }

  /// Writes a problem from a filter or the security chain, outside of a handler.
  public void write(HttpServletResponse response, ApiException problem) throws IOException {
    response.setStatus(problem.code().status().value());
    response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
    HttpHeaders headers = new HttpHeaders();
    addHeaders(headers, problem);
    headers.forEach((name, values) -> values.forEach(value -> response.addHeader(name, value)));
    byte[] body =
        json.writeValueAsString(toProblemDetail(problem)).getBytes(StandardCharsets.UTF_8);
    response.setContentLength(body.length);
    response.getOutputStream().write(body);
  }

  public void writeUnauthenticated(
      HttpServletRequest request, HttpServletResponse response, AuthenticationException failure)
      throws IOException {
    if (failure.getCause() instanceof IssuerUnavailableException) {
      write(response, issuerUnavailable());
      return;
    }
    write(response, unauthenticated());
  }

  public void writeForbidden(
      HttpServletRequest request, HttpServletResponse response, AccessDeniedException failure)
      throws IOException {
    write(response, forbidden());
  }

  /// Request that the container rejected, such as one with an illegal path.
  @RequestMapping("/error")
  ResponseEntity<ProblemDetail> handleContainerError(HttpServletRequest request) {
    Object status = request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE);
    ApiException problem =
        forStatus(status instanceof Integer number ? number : HttpStatus.NOT_FOUND.value());
    ProblemDetail detail = toProblemDetail(problem);
    if (request.getAttribute(RequestDispatcher.ERROR_REQUEST_URI) instanceof String path) {
      detail.setInstance(URI.create(UriUtils.encodePath(path, StandardCharsets.UTF_8)));
    }
    return ResponseEntity.status(problem.code().status())
        .contentType(MediaType.APPLICATION_PROBLEM_JSON)
        .body(detail);
  }

  /// Problem of an error that has only an HTTP status.
  static ApiException forStatus(int status) {
    ErrorCode code = codeFor(HttpStatusCode.valueOf(status));
    return code == ErrorCode.INVALID_REQUEST
        ? ApiException.invalid(List.of())
        : ApiException.of(code, phrase(code.status()));
  }

  @Override
  protected ResponseEntity<Object> handleExceptionInternal(
      Exception failure,
      Object body,
      HttpHeaders headers,
      HttpStatusCode status,
      WebRequest request) {
    ErrorCode code = codeFor(status);
    ApiException problem =
        code == ErrorCode.INVALID_REQUEST
            ? ApiException.invalid(fieldErrors(failure))
            : ApiException.of(code, phrase(code.status()));
    if (status.is5xxServerError()) {
      log.error("unexpected failure", failure);
    }
    return ResponseEntity.status(code.status())
        .headers(withImpliedMethods(headers))
        .contentType(MediaType.APPLICATION_PROBLEM_JSON)
        .body(toProblemDetail(problem));
  }

  private static List<ApiException.FieldError> fieldErrors(Exception failure) {
    List<ApiException.FieldError> errors = new ArrayList<>();
    switch (failure) {
      case MethodArgumentNotValidException invalid ->
          invalid
              .getBindingResult()
              .getAllErrors()
              .forEach(error -> errors.add(fieldError(error, "body")));
      case HandlerMethodValidationException invalid -> {
        for (var result : invalid.getParameterValidationResults()) {
          String name = result.getMethodParameter().getParameterName();
          if (result instanceof ParameterErrors bean) {
            bean.getAllErrors().forEach(error -> errors.add(fieldError(error, name)));
          } else {
            result
                .getResolvableErrors()
                .forEach(error ->
                    errors.add(new ApiException.FieldError(name, error.getDefaultMessage())));
          }
        }
      }
      case MethodArgumentTypeMismatchException mismatch ->
          errors.add(new ApiException.FieldError(mismatch.getName(), "has the wrong format"));
      case MissingServletRequestParameterException missing ->
          errors.add(new ApiException.FieldError(missing.getParameterName(), "is missing"));
      case HttpMessageNotReadableException unreadable ->
          errors.add(unreadable(NestedExceptionUtils.getRootCause(unreadable), unreadable));
      default -> {}
    }
    return errors;
  }

  private static ApiException.FieldError fieldError(
      MessageSourceResolvable error, String defaultField) {
    String field = error instanceof FieldError named ? named.getField() : defaultField;
    return new ApiException.FieldError(field, error.getDefaultMessage());
  }

  private static ApiException.FieldError unreadable(
      Throwable root, HttpMessageNotReadableException failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof JacksonException invalid && !invalid.getPath().isEmpty()) {
        String message =
            invalid instanceof UnrecognizedPropertyException
                ? "is not a known field"
                : root instanceof IllegalArgumentException
                    ? root.getMessage()
                    : "has the wrong type";
        return new ApiException.FieldError(path(invalid), message);
      }
    }
    return new ApiException.FieldError("body", "is missing or not JSON");
  }

  private static String path(JacksonException failure) {
    StringBuilder path = new StringBuilder();
    for (JacksonException.Reference step : failure.getPath()) {
      if (step.getPropertyName() == null) {
        path.append('[').append(step.getIndex()).append(']');
      } else {
        path.append(path.isEmpty() ? "" : ".").append(step.getPropertyName());
      }
    }
    return path.toString();
  }

  public static ProblemDetail toProblemDetail(ApiException problem) {
    ErrorCode code = problem.code();
    ProblemDetail detail = ProblemDetail.forStatusAndDetail(code.status(), problem.getMessage());
    detail.setType(URI.create("urn:ticketing:" + code.name().toLowerCase(Locale.ROOT)));
    detail.setTitle(phrase(code.status()));
    detail.setProperty("code", code.name());
    if (code == ErrorCode.INVALID_REQUEST) {
      detail.setProperty("errors", problem.errors());
    }
    if (problem.opensAt() != null) {
      detail.setProperty("opensAt", problem.opensAt());
    }
    if (problem.currentTotal() != null) {
      detail.setProperty("currentTotal", problem.currentTotal());
    }
    return detail;
  }

  private static void addHeaders(HttpHeaders headers, ApiException problem) {
    if (problem.retryAfter() != null) {
      headers.set(
          HttpHeaders.RETRY_AFTER, String.valueOf(RetryAfter.seconds(problem.retryAfter())));
    }
    if (problem.code().status() == HttpStatus.UNAUTHORIZED) {
      headers.set(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
    }
  }

  /// Every path with GET supports HEAD, and every path supports OPTIONS.
  private static HttpHeaders withImpliedMethods(HttpHeaders headers) {
    Set<HttpMethod> allowed = new LinkedHashSet<>(headers.getAllow());
    if (allowed.isEmpty()) {
      return headers;
    }
    if (allowed.contains(HttpMethod.GET)) {
      allowed.add(HttpMethod.HEAD);
    }
    allowed.add(HttpMethod.OPTIONS);
    HttpHeaders completed = new HttpHeaders(headers);
    completed.setAllow(allowed);
    return completed;
  }

  private static String phrase(HttpStatus status) {
    return status.getReasonPhrase();
  }

  private static ErrorCode codeFor(HttpStatusCode status) {
    return switch (status.value()) {
      case 401 -> ErrorCode.UNAUTHENTICATED;
      case 403 -> ErrorCode.FORBIDDEN;
      case 404 -> ErrorCode.NOT_FOUND;
      case 405 -> ErrorCode.METHOD_NOT_ALLOWED;
      case 406 -> ErrorCode.NOT_ACCEPTABLE;
      case 408 -> ErrorCode.REQUEST_TIMEOUT;
      case 413 -> ErrorCode.BODY_TOO_LARGE;
      case 414 -> ErrorCode.URI_TOO_LONG;
      case 415 -> ErrorCode.UNSUPPORTED_MEDIA_TYPE;
      case 416 -> ErrorCode.RANGE_NOT_SATISFIABLE;
      case 417 -> ErrorCode.EXPECTATION_FAILED;
      case 431 -> ErrorCode.HEADERS_TOO_LARGE;
      case 501 -> ErrorCode.NOT_IMPLEMENTED;
      case 503 -> ErrorCode.OVERLOADED;
      case 505 -> ErrorCode.HTTP_VERSION_NOT_SUPPORTED;
      default -> status.is4xxClientError() ? ErrorCode.INVALID_REQUEST : ErrorCode.INTERNAL_ERROR;
    };
  }

  private static String rootMessage(Throwable failure) {
    Throwable root = NestedExceptionUtils.getRootCause(failure);
    return String.valueOf(root == null ? failure.getMessage() : root.getMessage());
  }
}
