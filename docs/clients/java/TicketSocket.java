import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Follows tickets over one WebSocket until each has its final state.
///
/// `java TicketSocket.java TICKET_ID...` with `TICKETING_URL`, `TICKETING_SOCKETS` (the notifier,
/// `ws://...`), `TICKETING_EMAIL` and `TICKETING_PASSWORD` in the environment. Prints each frame. Exit
/// code 0: all are final; 1: a ticket is unknown, or there is no token; 2: no end in sight.
///
/// It reads JSON with regular expressions only to need nothing but the JDK: use your JSON library.
public class TicketSocket {

  private static final int ATTEMPTS = 20;
  private static final int LONGEST_PAUSE = 30;

  /// The server pings every 25 s: when nothing comes for so long, the connection is dead.
  private static final Duration SILENCE = Duration.ofSeconds(60);

  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
  private final Set<String> open;
  private String token;

  private TicketSocket(List<String> ticketIds) {
    this.open = new LinkedHashSet<>(ticketIds);
  }

  public static void main(String[] args) throws InterruptedException {
    System.exit(new TicketSocket(List.of(args)).follow());
  }

  int follow() throws InterruptedException {
    for (int failures = 0; failures < ATTEMPTS; failures++) {
      try {
        if (token == null && !signIn()) {
          return 1;
        }
        Integer end = listen();
        if (end != null) {
          return end;
        }
        failures = 0;
      } catch (IOException e) {
        System.err.println("no connection: " + e.getMessage());
      }
      // Not everybody at the same moment.
      int seconds = Math.min(LONGEST_PAUSE, 1 << Math.min(failures, 5));
      Thread.sleep(ThreadLocalRandom.current().nextLong(200, seconds * 1000L));
    }
    return 2;
  }

  /// @return null if the connection was lost: connect again, the state comes again
  private Integer listen() throws IOException, InterruptedException {
    BlockingQueue<String> frames = new LinkedBlockingQueue<>();
    WebSocket socket = connect(frames);
    String ids = open.stream().map(id -> '"' + id + '"').collect(Collectors.joining(","));
    socket.sendText("{\"action\":\"subscribe\",\"ticketIds\":[" + ids + "]}", true);
    while (true) {
      String frame = frames.poll(SILENCE.toSeconds(), TimeUnit.SECONDS);
      if (frame == null || frame.equals(Listener.CLOSED)) {
        System.err.println("connection lost");
        socket.abort();
        return null;
      }
      if (frame.equals(Listener.PING)) {
        continue;
      }
      System.out.println(frame);
      if (frame.contains("\"error\":")) {
        socket.sendClose(WebSocket.NORMAL_CLOSURE, "");
        return 1;
      }
      if (!field(frame, "status").equals("PENDING")) {
        open.remove(field(frame, "ticketId"));
      }
      if (open.isEmpty()) {
        socket.sendClose(WebSocket.NORMAL_CLOSURE, "");
        return 0;
      }
    }
  }

  private WebSocket connect(BlockingQueue<String> frames) throws IOException {
    try {
      return http.newWebSocketBuilder()
          .header("Authorization", "Bearer " + token)
          .connectTimeout(Duration.ofSeconds(5))
          .buildAsync(
              URI.create(System.getenv("TICKETING_SOCKETS") + "/ws/tickets"),
              new Listener(frames))
          .join();
    } catch (CompletionException e) {
      // Perhaps a 401, as the token has expired.
      token = null;
      throw new IOException(e.getCause().toString(), e);
    }
  }

  private static final class Listener implements WebSocket.Listener {
    static final String CLOSED = "closed";
    static final String PING = "ping";

    private final BlockingQueue<String> frames;
    private final StringBuilder part = new StringBuilder();

    Listener(BlockingQueue<String> frames) {
      this.frames = frames;
    }

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
      part.append(data);
      if (last) {
        frames.add(part.toString());
        part.setLength(0);
      }
      socket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onPing(WebSocket socket, ByteBuffer message) {
      // The answer is sent by itself.
      frames.add(PING);
      socket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
      System.err.println("closed: " + code + " " + reason);
      frames.add(CLOSED);
      return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
      frames.add(CLOSED);
    }
  }

  private boolean signIn() throws IOException, InterruptedException {
    String credentials =
        "{\"email\":\"%s\",\"password\":\"%s\"}"
            .formatted(System.getenv("TICKETING_EMAIL"), System.getenv("TICKETING_PASSWORD"));
    HttpResponse<String> answer =
        http.send(
            HttpRequest.newBuilder(
                    URI.create(System.getenv("TICKETING_URL")).resolve("/api/v1/auth/token"))
                .timeout(Duration.ofSeconds(30))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(credentials))
                .build(),
            BodyHandlers.ofString());
    if (answer.statusCode() >= 400 && answer.statusCode() < 429) {
      System.err.println(answer.statusCode() + " " + answer.body());
      return false;
    }
    if (answer.statusCode() != 200) {
      throw new IOException("no token: " + answer.statusCode());
    }
    token = field(answer.body(), "accessToken");
    return true;
  }

  private static String field(String json, String name) {
    Matcher value = Pattern.compile("\"" + name + "\":\"?([^\",}]*)").matcher(json);
    return value.find() ? value.group(1) : "";
  }
}
