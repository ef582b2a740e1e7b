package ticketing.ingress.connection;

import java.nio.charset.StandardCharsets;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.problem.ProblemDetailAdvice;
import tools.jackson.databind.json.JsonMapper;

/// Runs the public port on [ClientHttpProtocol].
@Component
@Order(Ordered.LOWEST_PRECEDENCE)
class ConnectionConfiguration implements WebServerFactoryCustomizer<TomcatServletWebServerFactory> {

  private final ConnectionSettings settings;
  private final JsonMapper json;

  ConnectionConfiguration(ConnectionSettings settings, JsonMapper json) {
    this.settings = settings;
    this.json = json;
  }

  @Override
  public void customize(TomcatServletWebServerFactory factory) {
    factory.setProtocol(ClientHttpProtocol.class.getName());
    factory.addConnectorCustomizers(connector -> {
      if (connector.getProtocolHandler() instanceof ClientHttpProtocol protocol) {
        // A refused request then sends no body.
        protocol.setContinueResponseTiming("onRead");
        protocol.setHeadTimeout(settings.requestTimeout(), headTimeoutResponse());
      }
    });
    factory.addContextCustomizers(
        context -> context.getParent().getPipeline().addValve(new ConnectionValve()));
  }

  private byte[] headTimeoutResponse() {
    ApiException problem =
        ApiException.of(ErrorCode.REQUEST_TIMEOUT, "The request head is not complete in time.");
    String body = json.writeValueAsString(ProblemDetailAdvice.toProblemDetail(problem));
    String head =
        "HTTP/1.1 408 \r\nContent-Type: application/problem+json\r\nConnection: close\r\n"
            + "Content-Length: "
            + body.getBytes(StandardCharsets.UTF_8).length
            + "\r\n\r\n";
    return (head + body).getBytes(StandardCharsets.UTF_8);
  }
}
