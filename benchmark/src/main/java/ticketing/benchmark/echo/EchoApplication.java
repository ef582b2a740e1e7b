package ticketing.benchmark.echo;

import java.io.IOException;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.config.annotation.EnableWebSocket;
import org.springframework.web.socket.config.annotation.WebSocketConfigurer;
import org.springframework.web.socket.config.annotation.WebSocketHandlerRegistry;
import org.springframework.web.socket.handler.TextWebSocketHandler;

/// WebSocket endpoint `/echo` that returns each text frame, on the container of the class path with
/// the defaults of Spring Boot.
@SpringBootConfiguration
@EnableAutoConfiguration(exclude = DataSourceAutoConfiguration.class)
@EnableWebSocket
class EchoApplication implements WebSocketConfigurer {

  public static void main(String[] arguments) {
    SpringApplication.run(EchoApplication.class, arguments);
  }

  @Override
  public void registerWebSocketHandlers(WebSocketHandlerRegistry registry) {
    registry
        .addHandler(
            new TextWebSocketHandler() {
              @Override
              protected void handleTextMessage(WebSocketSession session, TextMessage message)
                  throws IOException {
                session.sendMessage(message);
              }
            },
            "/echo")
        .setAllowedOriginPatterns("*");
  }
}
