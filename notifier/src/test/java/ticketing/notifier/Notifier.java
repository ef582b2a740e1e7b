package ticketing.notifier;

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
import ticketing.domain.AccessSettings;
import ticketing.domain.AccessTokens;

/// A running notifier, as clients see it.
final class Notifier implements AutoCloseable {

  static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final AccessTokens TOKENS = tokens(Clock.systemUTC(), Duration.ofHours(1));

  private final ConfigurableApplicationContext context;
  private final List<Client> clients = new ArrayList<>();

  private Notifier(ConfigurableApplicationContext context) {
    this.context = context;
  }

  /// What the handshakes and the frames of clients are worked on by.
  Executor threadsOfTheServer() {
    var server = ((WebServerApplicationContext) context).getWebServer();
    return ((TomcatWebServer) server).getTomcat().getConnector().getProtocolHandler().getExecutor();
  }

  /// @param settings `name=value`
  static Notifier start(String redisAddress, String ingressUrl, String... settings) {
    List<String> arguments = new ArrayList<>();
    arguments.add("--server.port=0");
    arguments.add("--server.address=127.0.0.1");
    arguments.add("--management.server.port=0");
    arguments.add("--ticketing.redis.addresses=" + redisAddress);
    arguments.add("--ticketing.notifier.ingress-url=" + ingressUrl);
    for (String setting : settings) {
      arguments.add("--" + setting);
    }
    return new Notifier(
        new SpringApplicationBuilder(NotifierApplication.class)
            .profiles("local")
            .run(arguments.toArray(String[]::new)));
  }

  static AccessTokens tokens(Clock clock, Duration lifetime) {
    return new AccessTokens(new AccessSettings("", "", lifetime), true, clock);
  }

  static String token(String userId) {
    return TOKENS.issue(userId, "BUYER");
  }

  static String adminToken() {
    return TOKENS.issue("admin", "ADMIN");
  }

  int port() {
    return Integer.parseInt(context.getEnvironment().getProperty("local.server.port"));
  }

  int managementPort() {
    return Integer.parseInt(context.getEnvironment().getProperty("local.management.port"));
  }

  URI uri(String path) {
    return URI.create("ws://127.0.0.1:" + port() + path);
  }

  Client connect(String path, String token) {
    return noted(Client.connect(uri(path), token));
  }

  Client watch(String path) {
    return noted(Client.connect(uri(path), null));
  }

  Client noted(Client client) {
    clients.add(client);
    return client;
  }

  /// Cuts all connections.
  void leaveAll() {
    clients.forEach(Client::leave);
    clients.clear();
  }

  double count(String meter, String reason) {
    var counter = context.getBean(MeterRegistry.class).find(meter).tag("reason", reason).counter();
    return counter == null ? 0 : counter.count();
  }

  double gauge(String meter) {
    return context.getBean(MeterRegistry.class).get(meter).gauge().value();
  }

  /// The answer to a handshake that must fail.
  HttpResponse<?> refusal(String path, String token) {
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
