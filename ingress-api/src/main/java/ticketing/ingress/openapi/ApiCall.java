package ticketing.ingress.openapi;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import ticketing.ingress.problem.ErrorCode;

/// What the document says of one call beyond what its handler method shows.
final class ApiCall {

  enum Who {
    ANYONE,
    USER,
    ADMIN
  }

  static final String PREFERENCE_APPLIED = "Preference-Applied";

  final HttpMethod method;
  final String path;
  final String id;
  final Who who;
  final HttpStatus status;
  final String summary;
  final List<String> details = new ArrayList<>();
  final Map<String, Object> requests = new LinkedHashMap<>();
  final Map<String, Object> answers = new LinkedHashMap<>();
  final Set<String> headers = new java.util.LinkedHashSet<>();
  final Set<ErrorCode> errors = EnumSet.noneOf(ErrorCode.class);
  boolean conditional;

  private ApiCall(
      HttpMethod method, String path, String id, Who who, HttpStatus status, String summary) {
    this.method = method;
    this.path = path;
    this.id = id;
    this.who = who;
    this.status = status;
    this.summary = summary;
  }

  static ApiCall get(String path, String id, Who who, String summary) {
    return new ApiCall(HttpMethod.GET, path, id, who, HttpStatus.OK, summary);
  }

  static ApiCall post(String path, String id, Who who, HttpStatus status, String summary) {
    return new ApiCall(HttpMethod.POST, path, id, who, status, summary);
  }

  static ApiCall put(String path, String id, Who who, String summary) {
    return new ApiCall(HttpMethod.PUT, path, id, who, HttpStatus.OK, summary);
  }

  static ApiCall delete(String path, String id, Who who, HttpStatus status, String summary) {
    return new ApiCall(HttpMethod.DELETE, path, id, who, status, summary);
  }

  ApiCall explained(String text) {
    details.add(text);
    return this;
  }

  ApiCall request(String name, Object example) {
    requests.put(name, example);
    return this;
  }

  ApiCall answer(String name, Object example) {
    answers.put(name, example);
    return this;
  }

  ApiCall headers(String... names) {
    Collections.addAll(headers, names);
    return this;
  }

  /// It answers 202 and queues a command, once for each `Idempotency-Key`.
  ApiCall queues() {
    headers(HttpHeaders.LOCATION, HttpHeaders.RETRY_AFTER);
    return fails(ErrorCode.IDEMPOTENCY_KEY_REUSED, ErrorCode.QUEUE_UNAVAILABLE);
  }

  /// It has an `ETag` and answers 304 to whom knows it.
  ApiCall conditional() {
    conditional = true;
    return headers(HttpHeaders.ETAG);
  }

  ApiCall fails(ErrorCode... codes) {
    errors.addAll(Arrays.asList(codes));
    return this;
  }

  @Override
  public String toString() {
    return method + " " + path;
  }
}
