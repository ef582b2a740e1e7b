package ticketing.notifier;

import org.apache.catalina.Pipeline;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.socket.server.RequestUpgradeStrategy;
import ticketing.concurrent.BoundedVirtualThreads;
import ticketing.notifier.connection.ConnectionSettings;
import ticketing.notifier.handshake.MinimalUpgradeStrategy;

/// Memory limits of Tomcat's connections. Conditional, because a benchmark runs the process on
/// Jetty.
@Configuration(proxyBeanMethods = false)
@ConditionalOnClass(TomcatServletWebServerFactory.class)
class TomcatConfiguration {

  // Retained by each open connection. A client frame is read in several steps or without the
  // buffer; a ticket's frame is written in one step.
  private static final String READ_BUFFER_BYTES = "128";
  private static final String WRITE_BUFFER_BYTES = "448";

  @Bean
  RequestUpgradeStrategy upgradeStrategy() {
    return new MinimalUpgradeStrategy();
  }

  @Bean
  WebServerFactoryCustomizer<TomcatServletWebServerFactory> requestValves() {
    return factory ->
        factory.addContextCustomizers(context -> {
          Pipeline pipeline = context.getParent().getPipeline();
          pipeline.addValve(new MediaTypeValve());
          pipeline.addValve(new ProblemDetailValve());
        });
  }

  /// Without these limits the kernel buffers megabytes for each client that does not read, Tomcat
  /// retains 16 KiB for each idle connection, and each concurrent handshake uses 100 KiB.
  @Bean
  WebServerFactoryCustomizer<TomcatServletWebServerFactory> connectionBuffers(
      ServerSettings server, ConnectionSettings connection) {
    return factory -> {
      factory.addProtocolHandlerCustomizers(handler ->
          handler.setExecutor(BoundedVirtualThreads.bounded(server.maxConcurrentRequests())));
      factory.addConnectorCustomizers(connector -> {
        connector.setProperty(
            "socket.txBufSize", String.valueOf(connection.socketSendBuffer().toBytes()));
        connector.setProperty("socket.appReadBufSize", READ_BUFFER_BYTES);
        connector.setProperty("socket.appWriteBufSize", WRITE_BUFFER_BYTES);
      });
    };
  }
}
