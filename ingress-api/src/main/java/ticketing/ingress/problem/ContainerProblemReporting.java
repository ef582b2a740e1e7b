package ticketing.ingress.problem;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
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

    private final ProblemDetailAdvice problems;

    ProblemDetailValve(ProblemDetailAdvice problems) {
      this.problems = problems;
    }

    @Override
    protected void report(Request request, Response response, Throwable failure) {
      if (response.getStatus() < 400
          || response.getContentWritten() > 0
          || !response.setErrorReported()) {
        return;
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
