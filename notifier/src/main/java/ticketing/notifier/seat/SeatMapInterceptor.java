package ticketing.notifier.seat;

import java.io.IOException;
import java.util.Map;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.stereotype.Component;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.server.HandshakeInterceptor;
import ticketing.notifier.handshake.HandshakeRefusal;

/// Refuses the handshake of an event without a seat map (404), and while it is unknown (503).
@Component
public final class SeatMapInterceptor implements HandshakeInterceptor {

  private static final String RETRY_AFTER_SECONDS = "2";

  private final SeatFeed feed;

  SeatMapInterceptor(SeatFeed feed) {
    this.feed = feed;
  }

  @Override
  public boolean beforeHandshake(
      ServerHttpRequest request,
      ServerHttpResponse response,
      WebSocketHandler handler,
      Map<String, Object> attributes)
      throws IOException {
    String path = request.getURI().getPath();
    String event = path.substring(0, path.lastIndexOf('/'));
    switch (feed.findSeatMap(event.substring(event.lastIndexOf('/') + 1))) {
      case PRESENT -> {
        return true;
      }
      case ABSENT ->
          HandshakeRefusal.NO_SEAT_MAP.write(
              response, "There is no such event, or it has no seat map");
      case UNKNOWN -> {
        response.getHeaders().set(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS);
        HandshakeRefusal.SEATS_UNAVAILABLE.write(response, "The seats are unavailable at present");
      }
    }
    return false;
  }

  @Override
  public void afterHandshake(
      ServerHttpRequest request,
      ServerHttpResponse response,
      WebSocketHandler handler,
      Exception failure) {}
}
