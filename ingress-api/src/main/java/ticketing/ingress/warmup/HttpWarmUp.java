package ticketing.ingress.warmup;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.Proxy;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
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

  private static final int TIMEOUT_MILLIS = 5_000;
  private static final byte[] INVALID_BOOKING =
      "{\"eventId\":1,\"seatType\":\"WARM-UP\",\"quantity\":0}".getBytes(StandardCharsets.UTF_8);

  /// A signature is expensive, and the limits of a user apply to these requests too.
  private static final int REQUESTS_OF_USER = 8;

  private record Buyer(String authorization, UUID ticketId) {}

  private final WarmUpRequests requests;
  private final AccessTokenIssuer issuer;
  private final TicketIds ids;
  private final Environment environment;
  private final AtomicLong runs = new AtomicLong();
  private volatile Buyer buyer;
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
    secret = requests.start();
    buyer = newBuyer();
  }

  private Buyer newBuyer() {
    String user = UUID.randomUUID().toString();
    String token = issuer.isEnabled() ? issuer.issue(user, Role.BUYER) : "";
    return new Buyer("Bearer " + token, ids.newId(user));
  }

  @Override
  public void run() throws IOException {
    if (runs.incrementAndGet() % REQUESTS_OF_USER == 0) {
      buyer = newBuyer();
    }
    Buyer current = buyer;
    send("POST", "/api/v1/reservations", current, INVALID_BOOKING);
    send("GET", "/api/v1/tickets/" + current.ticketId(), current, null);
  }

  /// Uses [HttpURLConnection]: `java.net.http.HttpClient` has more code, which the compilers would
  /// compile ahead of the code of the server.
  private void send(String method, String path, Buyer current, byte @Nullable [] body)
      throws IOException {
    HttpURLConnection request =
        (HttpURLConnection) base.resolve(path).toURL().openConnection(Proxy.NO_PROXY);
    request.setRequestMethod(method);
    request.setConnectTimeout(TIMEOUT_MILLIS);
    request.setReadTimeout(TIMEOUT_MILLIS);
    request.setRequestProperty(WarmUpRequests.HEADER, secret);
    if (issuer.isEnabled()) {
      request.setRequestProperty("Authorization", current.authorization());
    }
    if (body != null) {
      request.setDoOutput(true);
      request.setFixedLengthStreamingMode(body.length);
      request.setRequestProperty("Content-Type", "application/json");
      try (OutputStream out = request.getOutputStream()) {
        out.write(body);
      }
    }
    int status = request.getResponseCode();
    // The connection is used again only after its response was read.
    try (InputStream in = status < 400 ? request.getInputStream() : request.getErrorStream()) {
      if (in != null) {
        in.readAllBytes();
      }
    }
    if (status >= 500) {
      throw new IOException("warm-up request failed, status=" + status);
    }
  }

  @Override
  public void close() {
    requests.stop();
  }
}
