package ticketing.notifier;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import ticketing.domain.Json;

/// Problem details (RFC 9457) for every request that neither a handshake nor a probe answers, such
/// as an unknown path or an illegal target.
class ProblemDetailValve extends ErrorReportValve {

  private static final int FIRST_ERROR = 400;

  private record Problem(String type, String title, int status, String detail, String code) {}

  @Override
  protected void report(Request request, Response response, Throwable failure) {
    int status = response.getStatus();
    if (status < FIRST_ERROR || response.getContentWritten() > 0 || !response.setErrorReported()) {
      return;
    }
    try {
      response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
      response.getOutputStream().write(Json.INTERNAL.writeValueAsBytes(problem(status)));
      response.finishResponse();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Problem problem(int status) {
    Optional<HttpStatus> known = Optional.ofNullable(HttpStatus.resolve(status));
    String title = known.map(HttpStatus::getReasonPhrase).orElse("Error");
    return new Problem("about:blank", title, status, detail(status), code(known));
  }

  private static String detail(int status) {
    if (status == HttpStatus.NOT_FOUND.value()) {
      return "The notifier serves only the paths of its AsyncAPI document";
    }
    return status < HttpStatus.INTERNAL_SERVER_ERROR.value()
        ? "The notifier accepts only WebSocket handshakes"
        : "The notifier cannot answer this request";
  }

  private static String code(Optional<HttpStatus> status) {
    return status
        .filter(known -> known != HttpStatus.BAD_REQUEST)
        .map(HttpStatus::name)
        .orElse("INVALID_REQUEST");
  }
}
