package ticketing.notifier;

import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.net.http.WebSocketHandshakeException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.tomcat.TomcatWebServer;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import ticketing.local.servers.LocalSigningKey;
import ticketing.security.AccessTokenIssuer;
import ticketing.security.AccessTokenSettings;
import ticketing.security.Role;
import ticketing.security.SigningSettings;

/// Running notifier on free ports, with its test clients.
public final class NotifierFixture implements AutoCloseable {

  public static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final AccessTokenIssuer TOKENS = tokens(Clock.systemUTC(), Duration.ofHours(1));

  private final ConfigurableApplicationContext context;
  private final List<WebSocketTestClient> clients = new ArrayList<>();

  private NotifierFixture(ConfigurableApplicationContext context) {
    this.context = context;
  }

  /// Executor of handshakes and client frames.
  public Executor serverExecutor() {
    var server = ((WebServerApplicationContext) context).getWebServer();
    return ((TomcatWebServer) server).getTomcat().getConnector().getProtocolHandler().getExecutor();
  }

  /// @param settings `name=value`
  public static NotifierFixture start(String redisAddress, String ingressUrl, String... settings) {
    List<String> arguments = new ArrayList<>();
    arguments.add("--server.port=0");
    arguments.add("--server.address=127.0.0.1");
    arguments.add("--management.server.port=0");
    arguments.add("--ticketing.redis.addresses=" + redisAddress);
    arguments.add("--ticketing.notifier.ingress.url=" + ingressUrl);
    for (String setting : settings) {
      arguments.add("--" + setting);
    }
    return new NotifierFixture(
        new SpringApplicationBuilder(NotifierApplication.class)
            .profiles("local")
            .registerShutdownHook(false) // the servers end at the same time
            .run(arguments.toArray(String[]::new)));
  }

  public static AccessTokenIssuer tokens(Clock clock, Duration lifetime) {
    return new AccessTokenIssuer(
        AccessTokenSettings.of(),
        new SigningSettings(LocalSigningKey.PRIVATE_KEY, lifetime),
        true,
        clock);
  }

  public static String token(String userId) {
    return TOKENS.issue(userId, Role.BUYER);
  }

  public static String adminToken() {
    return TOKENS.issue("admin", Role.ADMIN);
  }

  public int port() {
    return Integer.parseInt(context.getEnvironment().getProperty("local.server.port"));
  }

  public int managementPort() {
    return Integer.parseInt(context.getEnvironment().getProperty("local.management.port"));
  }

  public URI uri(String path) {
    return URI.create("ws://127.0.0.1:" + port() + path);
  }

  public WebSocketTestClient connect(String path, String token) {
    return closeLater(WebSocketTestClient.connect(uri(path), token));
  }

  public WebSocketTestClient connectAnonymously(String path) {
    return closeLater(WebSocketTestClient.connect(uri(path), null));
  }

  /// Blocks until the notifier has registered a number of connections. A client can receive its
  /// handshake before that.
  public void awaitConnections(int count) {
    await().atMost(WebSocketTestClient.TIMEOUT).until(() -> gauge("ticketing.sockets") == count);
  }

  /// Adds a client to those that [#disconnectAll] disconnects.
  public WebSocketTestClient closeLater(WebSocketTestClient client) {
    clients.add(client);
    return client;
  }

  /// Aborts all connections without a close frame, until the notifier has none.
  public void disconnectAll() {
    clients.forEach(WebSocketTestClient::abort);
    clients.clear();
    awaitConnections(0);
  }

  public double count(String meter, String reason) {
    var counter = context.getBean(MeterRegistry.class).find(meter).tag("reason", reason).counter();
    return counter == null ? 0 : counter.count();
  }

  public double gauge(String meter) {
    return context.getBean(MeterRegistry.class).get(meter).gauge().value();
  }

  /// Response to a handshake that must be refused.
  public HttpResponse<?> refusedHandshake(String path, String token) {
    try {
      connect(path, token);
    } catch (CompletionException e) {
      if (e.getCause() instanceof WebSocketHandshakeException handshake) {
        return handshake.getResponse();
      }
      throw e;
    }
    throw new AssertionError(path + " was not refused");
  }

  @Override
  public void close() {
    context.close();
  }
}
