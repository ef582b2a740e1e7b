package ticketing.notifier;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;

/// HTTP server with the configured responses of ingress-api; 404 for every other path.
public final class IngressStub implements AutoCloseable {

  public record Request(String path, String authorization) {}

  private final HttpServer server;
  private final Map<String, String> responses = new ConcurrentHashMap<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private volatile int failureStatus;

  public IngressStub() {
    try {
      server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext(
        "/",
        exchange -> {
          String path = exchange.getRequestURI().getPath();
          requests.add(new Request(path, exchange.getRequestHeaders().getFirst("Authorization")));
          String response = responses.get(path);
          int status = failureStatus != 0 ? failureStatus : response == null ? 404 : 200;
          byte[] body = (status == 200 ? response : "{}").getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
  }

  public String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  public void respond(String path, String json) {
    responses.put(path, json);
  }

  /// Responds to every request with this status.
  public void failWith(int status) {
    failureStatus = status;
  }

  public List<Request> requests() {
    return requests;
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
