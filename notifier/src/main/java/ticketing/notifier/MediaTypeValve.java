package ticketing.notifier;

import jakarta.servlet.ServletException;
import java.io.IOException;
import java.util.List;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.apache.tomcat.util.http.MimeHeaders;
import org.springframework.http.HttpHeaders;

/// Removes the media types of a request: the notifier reads no body and has one representation of
/// each answer. Spring would reject an invalid type by an exception without a status.
class MediaTypeValve extends ValveBase {

  private static final List<String> MEDIA_TYPES =
      List.of(HttpHeaders.CONTENT_TYPE, HttpHeaders.ACCEPT);

  MediaTypeValve() {
    super(true);
  }

  @Override
  public void invoke(Request request, Response response) throws IOException, ServletException {
    MimeHeaders headers = request.getCoyoteRequest().getMimeHeaders();
    MEDIA_TYPES.forEach(headers::removeHeader);
    getNext().invoke(request, response);
  }
}
