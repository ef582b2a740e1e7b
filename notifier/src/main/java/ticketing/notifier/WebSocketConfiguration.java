package ticketing.notifier;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.socket.config.annotation.EnableWebSocket;
import org.springframework.web.socket.config.annotation.WebSocketConfigurer;
import org.springframework.web.socket.config.annotation.WebSocketHandlerRegistry;
import org.springframework.web.socket.server.HandshakeInterceptor;
import org.springframework.web.socket.server.RequestUpgradeStrategy;
import org.springframework.web.socket.server.standard.ServletServerContainerFactoryBean;
import org.springframework.web.socket.server.support.DefaultHandshakeHandler;
import ticketing.notifier.availability.AvailabilityFeed;
import ticketing.notifier.connection.ConnectionHandler;
import ticketing.notifier.connection.ConnectionLimitInterceptor;
import ticketing.notifier.connection.ConnectionRegistry;
import ticketing.notifier.handshake.HandshakeAuthenticator;
import ticketing.notifier.handshake.TokenAuthenticator;
import ticketing.notifier.seat.SeatFeed;
import ticketing.notifier.seat.SeatMapInterceptor;
import ticketing.notifier.ticket.TicketHandlers;
import ticketing.notifier.user.UserFeed;

/// Routes of the WebSocket endpoints.
@Configuration(proxyBeanMethods = false)
@EnableWebSocket
class WebSocketConfiguration implements WebSocketConfigurer {

  private static final int FRAME_PART_SIZE = 64; // characters or bytes, buffered per connection

  private final ServerSettings settings;
  private final ConnectionRegistry connections;
  private final TokenAuthenticator tokens;
  private final TicketHandlers tickets;
  private final AvailabilityFeed availability;
  private final SeatFeed seats;
  private final SeatMapInterceptor seatMaps;
  private final UserFeed users;
  private final RequestUpgradeStrategy upgrade;

  WebSocketConfiguration(
      ServerSettings settings,
      ConnectionRegistry connections,
      TokenAuthenticator tokens,
      TicketHandlers tickets,
      AvailabilityFeed availability,
      SeatFeed seats,
      SeatMapInterceptor seatMaps,
      UserFeed users,
      ObjectProvider<RequestUpgradeStrategy> upgrade) {
    this.settings = settings;
    this.connections = connections;
    this.tokens = tokens;
    this.tickets = tickets;
    this.availability = availability;
    this.seats = seats;
    this.seatMaps = seatMaps;
    this.users = users;
    // Without Tomcat, Spring selects the strategy of the container.
    this.upgrade =
        upgrade.getIfAvailable(() -> new DefaultHandshakeHandler().getRequestUpgradeStrategy());
  }

  @Override
  public void registerWebSocketHandlers(WebSocketHandlerRegistry registry) {
    route(registry, "/ws/tickets/*", "", true, tickets::singleTicket);
    route(registry, "/ws/tickets", "", true, (connection, path) -> tickets.multiTicket(connection));
    route(registry, "/ws/me", "", true, (connection, path) -> users.open(connection));
    route(registry, "/ws/events/*", "", false, availability::open);
    route(registry, "/ws/events/*", "/seats", false, seats::open, seatMaps);
    route(
        registry, "/ws/events", "", false, (connection, path) -> availability.openMany(connection));
  }

  private void route(
      WebSocketHandlerRegistry registry,
      String path,
      String pathSuffix,
      boolean tokenRequired,
      ConnectionHandler.FrameHandlerFactory frameHandlers,
      HandshakeInterceptor... more) {
    DefaultHandshakeHandler handshake = new DefaultHandshakeHandler(upgrade);
    handshake.setSupportedProtocols(TokenAuthenticator.PROTOCOL);
    registry
        .addHandler(
            new ConnectionHandler(connections, pathSuffix, frameHandlers), path + pathSuffix)
        .addInterceptors(
            new HandshakeAuthenticator(tokens, tokenRequired),
            new ConnectionLimitInterceptor(connections))
        .addInterceptors(more)
        .setHandshakeHandler(handshake)
        .setAllowedOriginPatterns(settings.allowedOrigins().toArray(String[]::new));
  }

  /// Small container buffers, because most connections receive no client frame. A longer frame
  /// arrives in parts; [WebSocketConnection] enforces the limit of the whole frame.
  @Bean
  ServletServerContainerFactoryBean webSocketContainer() {
    ServletServerContainerFactoryBean container = new ServletServerContainerFactoryBean();
    container.setMaxTextMessageBufferSize(FRAME_PART_SIZE);
    container.setMaxBinaryMessageBufferSize(FRAME_PART_SIZE);
    return container;
  }
}
