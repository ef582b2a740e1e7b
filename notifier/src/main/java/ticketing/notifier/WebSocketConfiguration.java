package ticketing.notifier;

import java.util.UUID;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.socket.config.annotation.EnableWebSocket;
import org.springframework.web.socket.config.annotation.WebSocketConfigurer;
import org.springframework.web.socket.config.annotation.WebSocketHandlerRegistry;
import org.springframework.web.socket.server.RequestUpgradeStrategy;
import org.springframework.web.socket.server.standard.ServletServerContainerFactoryBean;
import org.springframework.web.socket.server.support.DefaultHandshakeHandler;
import ticketing.concurrent.BoundedVirtualThreads;
import ticketing.notifier.availability.AvailabilityFeed;
import ticketing.notifier.connection.CloseReason;
import ticketing.notifier.connection.ConnectionHandler;
import ticketing.notifier.connection.ConnectionRegistry;
import ticketing.notifier.connection.ErrorFrame;
import ticketing.notifier.connection.FrameHandler;
import ticketing.notifier.connection.WebSocketConnection;
import ticketing.notifier.handshake.HandshakeAuthenticator;
import ticketing.notifier.handshake.MinimalUpgradeStrategy;
import ticketing.notifier.handshake.TokenAuthenticator;
import ticketing.notifier.settings.NotifierSettings;
import ticketing.notifier.ticket.MultiTicketHandler;
import ticketing.notifier.ticket.SingleTicketHandler;
import ticketing.notifier.ticket.TicketSubscriptions;

/// Which path leads to which conversation, and how much memory a socket may take in Tomcat.
@Configuration(proxyBeanMethods = false)
@EnableWebSocket
class WebSocketConfiguration implements WebSocketConfigurer {

  private static final int PART = 64; // characters or bytes of a frame that are kept by a socket

  private final NotifierSettings settings;
  private final ConnectionRegistry peers;
  private final TokenAuthenticator access;
  private final TicketSubscriptions tickets;
  private final AvailabilityFeed feed;
  private final RequestUpgradeStrategy upgrade;

  WebSocketConfiguration(
      NotifierSettings settings,
      ConnectionRegistry peers,
      TokenAuthenticator access,
      TicketSubscriptions tickets,
      AvailabilityFeed feed,
      ObjectProvider<RequestUpgradeStrategy> upgrade) {
    this.settings = settings;
    this.peers = peers;
    this.access = access;
    this.tickets = tickets;
    this.feed = feed;
    // The benchmark's Jetty has a way of its own.
    this.upgrade =
        upgrade.getIfAvailable(() -> new DefaultHandshakeHandler().getRequestUpgradeStrategy());
  }

  @Override
  public void registerWebSocketHandlers(WebSocketHandlerRegistry registry) {
    route(registry, "/ws/tickets/*", true, this::oneTicket);
    route(
        registry,
        "/ws/tickets",
        true,
        (peer, path) -> new MultiTicketHandler(peer, tickets, access, settings.maxSubscriptions()));
    route(registry, "/ws/events/*", false, this::event);
  }

  private void route(
      WebSocketHandlerRegistry registry,
      String path,
      boolean tokenNeeded,
      ConnectionHandler.Opening opening) {
    DefaultHandshakeHandler handshake = new DefaultHandshakeHandler(upgrade);
    handshake.setSupportedProtocols(TokenAuthenticator.PROTOCOL);
    registry
        .addHandler(new ConnectionHandler(peers, opening), path)
        .addInterceptors(new HandshakeAuthenticator(peers, access, tokenNeeded))
        .setHandshakeHandler(handshake)
        .setAllowedOriginPatterns(settings.allowedOrigins().toArray(String[]::new));
  }

  private FrameHandler oneTicket(WebSocketConnection peer, String name)
      throws InterruptedException {
    UUID ticketId;
    try {
      ticketId = UUID.fromString(name);
    } catch (IllegalArgumentException e) {
      peer.send(ErrorFrame.ticketNotFound(name));
      peer.close(CloseReason.NO_SUCH_TICKET.status());
      return FrameHandler.OVER;
    }
    return new SingleTicketHandler(peer, tickets, ticketId);
  }

  private FrameHandler event(WebSocketConnection peer, String name) {
    long eventId;
    try {
      eventId = Long.parseLong(name);
    } catch (NumberFormatException e) {
      peer.send(ErrorFrame.eventNotFound());
      peer.close(CloseReason.NO_SUCH_EVENT.status());
      return FrameHandler.OVER;
    }
    return feed.watch(peer, eventId);
  }

  /// The container keeps little for each socket, as most never receive a frame: a longer frame
  /// comes in parts, and [WebSocketConnection] knows the limit.
  @Bean
  ServletServerContainerFactoryBean webSocketContainer() {
    ServletServerContainerFactoryBean container = new ServletServerContainerFactoryBean();
    container.setMaxTextMessageBufferSize(PART);
    container.setMaxBinaryMessageBufferSize(PART);
    return container;
  }

  /// Apart, so that a benchmark can run the same code on Jetty.
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(TomcatServletWebServerFactory.class)
  static class OnTomcat {

    @Bean
    RequestUpgradeStrategy upgrade() {
      return new MinimalUpgradeStrategy();
    }

    /// Of each socket, for as long as it is open: a frame of a client comes in several turns, or
    /// goes by without it; a ticket's frame goes in one.
    private static final String READ_BUFFER = "128"; // bytes

    private static final String WRITE_BUFFER = "512"; // bytes

    /// Otherwise the kernel would buffer megabytes for each client that does not read, Tomcat 16
    /// KiB for each client that is only there, and each of many handshakes at once would hold 100
    /// KiB.
    @Bean
    WebServerFactoryCustomizer<TomcatServletWebServerFactory> socketBuffers(
        NotifierSettings settings) {
      return factory -> {
        factory.addProtocolHandlerCustomizers(
            handler -> handler.setExecutor(BoundedVirtualThreads.bounded(settings.requests())));
        factory.addConnectorCustomizers(
            connector -> {
              connector.setProperty(
                  "socket.txBufSize", String.valueOf(settings.socketBuffer().toBytes()));
              connector.setProperty("socket.appReadBufSize", READ_BUFFER);
              connector.setProperty("socket.appWriteBufSize", WRITE_BUFFER);
            });
      };
    }
  }
}
