package ticketing.ingress.warmup;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;
import ticketing.domain.TicketIds;
import ticketing.security.AccessTokenIssuer;
import ticketing.security.Role;
import ticketing.warmup.WarmUpTask;

/// Requests to the public port of this process: a booking that the validation refuses, and a poll
/// of a ticket that was never accepted. With an OpenID Connect issuer they are not authenticated.
@Component
class HttpWarmUp implements WarmUpTask {

  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final String INVALID_BOOKING =
      "{\"eventId\":1,\"seatType\":\"WARM-UP\",\"quantity\":0}";

  /// A signature is expensive, and the limits of a user apply to these requests too.
  private static final int REQUESTS_OF_USER = 8;

  private record Buyer(String authorization, UUID ticketId) {}

  private final WarmUpRequests requests;
  private final AccessTokenIssuer issuer;
  private final TicketIds ids;
  private final Environment environment;
  private final AtomicLong runs = new AtomicLong();
  private volatile Buyer buyer;
  private HttpClient http;
  private URI base;
  private String secret;

  HttpWarmUp(
      WarmUpRequests requests, AccessTokenIssuer issuer, TicketIds ids, Environment environment) {
    this.requests = requests;
    this.issuer = issuer;
    this.ids = ids;
    this.environment = environment;
  }

  @Override
  public String name() {
    return "http";
  }

  @Override
  public void open() throws UnknownHostException {
    InetAddress address =
        InetAddress.getByName(environment.getProperty("server.address", "127.0.0.1"));
    String host = address.isAnyLocalAddress() ? "127.0.0.1" : address.getHostAddress();
    base =
        URI.create("http://" + host + ":" + environment.getRequiredProperty("local.server.port"));
    http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(TIMEOUT)
            .build();
    secret = requests.start();
    buyer = newBuyer();
  }

  private Buyer newBuyer() {
    String user = UUID.randomUUID().toString();
    String token = issuer.isEnabled() ? issuer.issue(user, Role.BUYER) : "";
    return new Buyer("Bearer " + token, ids.newId(user));
  }

  @Override
  public void run() throws Exception {
    if (runs.incrementAndGet() % REQUESTS_OF_USER == 0) {
      buyer = newBuyer();
    }
    Buyer current = buyer;
    send(
        request("/api/v1/reservations", current)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(INVALID_BOOKING)));
    send(request("/api/v1/tickets/" + current.ticketId(), current).GET());
  }

  private HttpRequest.Builder request(String path, Buyer current) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(base.resolve(path))
            .timeout(TIMEOUT)
            .header(WarmUpRequests.HEADER, secret);
    return issuer.isEnabled() ? request.header("Authorization", current.authorization()) : request;
  }

  private void send(HttpRequest.Builder request) throws Exception {
    int status = http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray()).statusCode();
    if (status >= 500) {
      throw new IllegalStateException("warm-up request failed, status=" + status);
    }
  }

  @Override
  public void close() {
    requests.stop();
    if (http != null) {
      http.close();
    }
  }
}
