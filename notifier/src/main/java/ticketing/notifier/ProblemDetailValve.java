package ticketing.notifier;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import ticketing.notifier.handshake.Problem;

/// Problem details (RFC 9457) for every request that neither a handshake nor a probe answers, such
/// as an unknown path or an illegal target.
class ProblemDetailValve extends ErrorReportValve {

  @Override
  protected void report(Request request, Response response, Throwable failure) {
    HttpStatus status = HttpStatus.valueOf(response.getStatus());
    if (!status.isError() || response.getContentWritten() > 0 || !response.setErrorReported()) {
      return;
    }
    try {
      response.setContentType(MediaType.APPLICATION_PROBLEM_JSON_VALUE);
      response.getOutputStream().write(Problem.json(status, detail(status), code(status)));
      response.finishResponse();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String detail(HttpStatus status) {
    if (status == HttpStatus.NOT_FOUND) {
      return "The notifier serves only the paths of its AsyncAPI document";
    }
    return status.is4xxClientError()
        ? "The notifier accepts only WebSocket handshakes"
        : "The notifier cannot answer this request";
  }

  private static String code(HttpStatus status) {
    return status == HttpStatus.BAD_REQUEST ? "INVALID_REQUEST" : status.name();
  }
}
