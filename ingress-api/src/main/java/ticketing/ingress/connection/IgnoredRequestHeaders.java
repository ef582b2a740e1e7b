package ticketing.ingress.connection;

import jakarta.servlet.ServletException;
import java.io.IOException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.apache.tomcat.util.http.MimeHeaders;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;

/// Removes header fields that the server would not process as a client expects.
@Component
class IgnoredRequestHeaders implements WebServerFactoryCustomizer<TomcatServletWebServerFactory> {

  @Override
  public void customize(TomcatServletWebServerFactory factory) {
    factory.addContextCustomizers(
        context -> context.getParent().getPipeline().addValve(new RemovingValve()));
  }

  private static final class RemovingValve extends ValveBase {

    RemovingValve() {
      super(true);
    }

    @Override
    public void invoke(Request request, Response response) throws IOException, ServletException {
      MimeHeaders headers = request.getCoyoteRequest().getMimeHeaders();
      // Tomcat would compress the transfer, which many clients cannot read. Accept-Encoding
      // remains.
      headers.removeHeader("TE");
      // A wildcard is no type. Spring rejects it by an exception without a status.
      String type = headers.getHeader(HttpHeaders.CONTENT_TYPE);
      if (type != null && type.split(";", 2)[0].contains("*")) {
        headers.removeHeader(HttpHeaders.CONTENT_TYPE);
      }
      getNext().invoke(request, response);
    }
  }
}
