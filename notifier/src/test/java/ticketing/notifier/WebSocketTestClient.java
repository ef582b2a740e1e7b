package ticketing.notifier;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import ticketing.domain.Json;
import ticketing.notifier.asyncapi.AsyncApiDocument;
import tools.jackson.databind.JsonNode;

/// WebSocket client that records the received frames. Each frame that a test reads is validated
/// against the AsyncAPI document.
public final class WebSocketTestClient implements WebSocket.Listener {

  public static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final BlockingQueue<String> frames = new LinkedBlockingQueue<>();
  private final CompletableFuture<Integer> closed = new CompletableFuture<>();
  private final StringBuilder partial = new StringBuilder();
  private final boolean reading;
  private final String path;
  private WebSocket socket;

  private WebSocketTestClient(String path, boolean reading) {
    this.path = path;
    this.reading = reading;
  }

  public static WebSocketTestClient connect(URI uri, String token) {
    return connect(uri, token, true);
  }

  public static WebSocketTestClient connect(URI uri, String token, boolean reading) {
    WebSocket.Builder builder = NotifierFixture.HTTP.newWebSocketBuilder();
    if (token != null) {
      builder.header("Authorization", "Bearer " + token);
    }
    return new WebSocketTestClient(uri.getPath(), reading).connect(uri, builder);
  }

  public static WebSocketTestClient connectWithSubprotocols(URI uri, String token) {
    return new WebSocketTestClient(uri.getPath(), true)
        .connect(
            uri,
            NotifierFixture.HTTP
                .newWebSocketBuilder()
                .subprotocols("ticketing.v1", "bearer." + token));
  }

  private WebSocketTestClient connect(URI uri, WebSocket.Builder builder) {
    socket = builder.buildAsync(uri, this).join();
    return this;
  }

  public WebSocket socket() {
    return socket;
  }

  public WebSocketTestClient send(String frame) {
    socket.sendText(frame, true).join();
    return this;
  }

  public WebSocketTestClient subscribe(UUID... ids) {
    return subscribe(List.of(ids));
  }

  public WebSocketTestClient subscribe(List<UUID> ids) {
    return sendValid(frame("subscribe", ids));
  }

  public WebSocketTestClient unsubscribe(UUID... ids) {
    return sendValid(frame("unsubscribe", List.of(ids)));
  }

  private WebSocketTestClient sendValid(String frame) {
    assertThat(
            AsyncApiDocument.committed().validateClientFrame(path, Json.INTERNAL.readTree(frame)))
        .as(frame)
        .isEmpty();
    return send(frame);
  }

  private static String frame(String action, List<UUID> ids) {
    return ids.stream()
        .map(id -> "\"" + id + "\"")
        .collect(Collectors.joining(",", "{\"action\":\"" + action + "\",\"ticketIds\":[", "]}"));
  }

  public JsonNode next() throws InterruptedException {
    String frame = frames.poll(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    assertThat(frame).as("a frame (closed: %s)", closed).isNotNull();
    JsonNode json = Json.INTERNAL.readTree(frame);
    assertThat(AsyncApiDocument.committed().validateServerFrame(path, json)).as(frame).isEmpty();
    return json;
  }

  public String nextStatus() throws InterruptedException {
    return next().path("status").asString();
  }

  public String nextError() throws InterruptedException {
    return next().path("error").path("code").asString();
  }

  /// Skips pending states.
  public JsonNode nextFinal() throws InterruptedException {
    while (true) {
      JsonNode frame = next();
      if (!frame.path("status").asString().equals("PENDING")) {
        return frame;
      }
    }
  }

  public BlockingQueue<String> frames() {
    return frames;
  }

  public int closeCode() {
    int code = closed.orTimeout(TIMEOUT.toSeconds(), TimeUnit.SECONDS).join();
    assertThat(AsyncApiDocument.committed().closeCodes(path)).as(path).contains(code);
    return code;
  }

  public boolean isClosed() {
    return closed.isDone();
  }

  /// Starts to read, on a client that was connected without reading.
  public void startReading() {
    socket.request(Long.MAX_VALUE);
  }

  public void abort() {
    socket.abort();
  }

  @Override
  public void onOpen(WebSocket socket) {
    if (reading) {
      socket.request(Long.MAX_VALUE);
    }
  }

  @Override
  public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
    partial.append(data);
    if (last) {
      frames.add(partial.toString());
      partial.setLength(0);
    }
    return null;
  }

  @Override
  public CompletionStage<?> onPing(WebSocket socket, ByteBuffer message) {
    return null;
  }

  @Override
  public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
    closed.complete(code);
    return null;
  }

  @Override
  public void onError(WebSocket socket, Throwable error) {
    closed.completeExceptionally(error);
  }
}
