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
import tools.jackson.databind.JsonNode;

/// A WebSocket client that remembers what it was sent.
final class Client implements WebSocket.Listener {

  static final Duration PATIENCE = Duration.ofSeconds(30);

  private final BlockingQueue<String> frames = new LinkedBlockingQueue<>();
  private final CompletableFuture<Integer> closed = new CompletableFuture<>();
  private final StringBuilder partial = new StringBuilder();
  private final boolean reading;
  private WebSocket socket;

  private Client(boolean reading) {
    this.reading = reading;
  }

  static Client connect(URI uri, String token) {
    return connect(uri, token, true);
  }

  static Client connect(URI uri, String token, boolean reading) {
    WebSocket.Builder builder = Notifier.HTTP.newWebSocketBuilder();
    if (token != null) {
      builder.header("Authorization", "Bearer " + token);
    }
    return new Client(reading).connect(uri, builder);
  }

  static Client connectLikeABrowser(URI uri, String token) {
    return new Client(true)
        .connect(
            uri,
            Notifier.HTTP.newWebSocketBuilder().subprotocols("ticketing.v1", "bearer." + token));
  }

  private Client connect(URI uri, WebSocket.Builder builder) {
    socket = builder.buildAsync(uri, this).join();
    return this;
  }

  WebSocket socket() {
    return socket;
  }

  Client send(String frame) {
    socket.sendText(frame, true).join();
    return this;
  }

  Client subscribe(UUID... ids) {
    return send(frame("subscribe", List.of(ids)));
  }

  Client subscribe(List<UUID> ids) {
    return send(frame("subscribe", ids));
  }

  Client unsubscribe(UUID... ids) {
    return send(frame("unsubscribe", List.of(ids)));
  }

  private static String frame(String action, List<UUID> ids) {
    return ids.stream()
        .map(id -> "\"" + id + "\"")
        .collect(Collectors.joining(",", "{\"action\":\"" + action + "\",\"ticketIds\":[", "]}"));
  }

  JsonNode next() throws InterruptedException {
    String frame = frames.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    assertThat(frame).as("a frame (closed: %s)", closed).isNotNull();
    return Json.INTERNAL.readTree(frame);
  }

  String nextStatus() throws InterruptedException {
    return next().path("status").asString();
  }

  String nextError() throws InterruptedException {
    return next().path("error").path("code").asString();
  }

  /// Skips what is repeated or has moved on meanwhile.
  JsonNode nextFinal() throws InterruptedException {
    while (true) {
      JsonNode frame = next();
      if (!frame.path("status").asString().equals("PENDING")) {
        return frame;
      }
    }
  }

  BlockingQueue<String> frames() {
    return frames;
  }

  int closeCode() {
    return closed.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
  }

  boolean isClosed() {
    return closed.isDone();
  }

  /// Begins to read, if it did not from the start.
  void read() {
    socket.request(Long.MAX_VALUE);
  }

  void leave() {
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
