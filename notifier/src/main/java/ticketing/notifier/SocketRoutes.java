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
import ticketing.domain.VirtualThreads;

/// Which path leads to which conversation, and how much memory a socket may take in Tomcat.
@Configuration(proxyBeanMethods = false)
@EnableWebSocket
class SocketRoutes implements WebSocketConfigurer {

  private static final int PART = 64; // characters or bytes of a frame that are kept by a socket

  private final NotifierSettings settings;
  private final Peers peers;
  private final Access access;
  private final TicketSockets tickets;
  private final AvailabilityFeed feed;
  private final RequestUpgradeStrategy upgrade;

  SocketRoutes(
      NotifierSettings settings,
      Peers peers,
      Access access,
      TicketSockets tickets,
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
        (peer, path) -> new ManyTickets(peer, tickets, access, settings.maxSubscriptions()));
    route(registry, "/ws/events/*", false, this::event);
  }

  private void route(
      WebSocketHandlerRegistry registry,
      String path,
      boolean tokenNeeded,
      SocketHandler.Opening opening) {
    DefaultHandshakeHandler handshake = new DefaultHandshakeHandler(upgrade);
    handshake.setSupportedProtocols(Access.PROTOCOL);
    registry
        .addHandler(new SocketHandler(peers, opening), path)
        .addInterceptors(new Entrance(peers, access, tokenNeeded))
        .setHandshakeHandler(handshake)
        .setAllowedOriginPatterns(settings.allowedOrigins().toArray(String[]::new));
  }

  private Conversation oneTicket(Peer peer, String name) throws InterruptedException {
    UUID ticketId;
    try {
      ticketId = UUID.fromString(name);
    } catch (IllegalArgumentException e) {
      peer.send(ErrorFrame.ticketNotFound(name));
      peer.close(Closing.NO_SUCH_TICKET.status());
      return Conversation.OVER;
    }
    return new OneTicket(peer, tickets, ticketId);
  }

  private Conversation event(Peer peer, String name) {
    long eventId;
    try {
      eventId = Long.parseLong(name);
    } catch (NumberFormatException e) {
      peer.send(ErrorFrame.eventNotFound());
      peer.close(Closing.NO_SUCH_EVENT.status());
      return Conversation.OVER;
    }
    return feed.watch(peer, eventId);
  }

  /// The container keeps little for each socket, as most never receive a frame: a longer frame
  /// comes in parts, and [Peer] knows the limit.
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
      return new SpareUpgrade();
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
            handler -> handler.setExecutor(VirtualThreads.bounded(settings.requests())));
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
