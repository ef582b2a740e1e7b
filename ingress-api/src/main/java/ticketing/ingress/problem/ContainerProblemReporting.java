package ticketing.ingress.problem;

import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.apache.coyote.http11.Http11InputBuffer;
import org.apache.tomcat.util.res.StringManager;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;

/// Problem details for requests that Tomcat rejects ahead of every servlet, such as an illegal
/// target. Input that is not HTTP gets a response without a body.
@Component
class ContainerProblemReporting
    implements WebServerFactoryCustomizer<TomcatServletWebServerFactory> {

  private final ProblemDetailAdvice problems;

  ContainerProblemReporting(ProblemDetailAdvice problems) {
    this.problems = problems;
  }

  @Override
  public void customize(TomcatServletWebServerFactory factory) {
    factory.addContextCustomizers(
        context -> context.getParent().getPipeline().addValve(new ProblemDetailValve(problems)));
  }

  private static final class ProblemDetailValve extends ErrorReportValve {

    private static final String HEAD_TOO_LARGE =
        StringManager.getManager(Http11InputBuffer.class)
            .getString("iib.requestheadertoolarge.error");

    private final ProblemDetailAdvice problems;

    ProblemDetailValve(ProblemDetailAdvice problems) {
      this.problems = problems;
    }

    /// Tomcat has one exception and status 400 for each malformed head.
    private static boolean isHeadTooLarge(@Nullable Throwable failure) {
      return failure instanceof IllegalArgumentException
          && HEAD_TOO_LARGE.equals(failure.getMessage());
    }

    @Override
    protected void report(Request request, Response response, Throwable failure) {
      if (response.getStatus() < 400
          || response.getContentWritten() > 0
          || !response.setErrorReported()) {
        return;
      }
      if (isHeadTooLarge(failure)) {
        boolean inRequestLine = request.getCoyoteRequest().requestURI().isNull();
        response.setStatus(
            inRequestLine
                ? HttpServletResponse.SC_REQUEST_URI_TOO_LONG
                : HttpStatus.REQUEST_HEADER_FIELDS_TOO_LARGE.value());
      }
      try {
        problems.write(response, ProblemDetailAdvice.forStatus(response.getStatus()));
        response.finishResponse();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
