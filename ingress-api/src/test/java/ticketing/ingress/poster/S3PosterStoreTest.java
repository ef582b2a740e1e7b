package ticketing.ingress.poster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;

/// The adapter of Amazon S3, with a server that has the four operations of its protocol.
class S3PosterStoreTest {

  private static final PosterKey KEY = PosterKey.full(7, "0123456789abcdef0123456789abcdef");

  private final Map<String, byte[]> objects = new ConcurrentHashMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private volatile int failure;
  private volatile long delayMillis;
  private HttpServer server;
  private S3PosterStore store;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::answer);
    server.start();
    PosterSettings settings =
        new Binder(
                new MapConfigurationPropertySource(
                    Map.of(
                        "ticketing.posters.store", "S3",
                        "ticketing.posters.bucket", "bucket",
                        "ticketing.posters.folder", "unused",
                        "ticketing.posters.timeout", "2s",
                        "ticketing.posters.s3-endpoint",
                            "http://127.0.0.1:" + server.getAddress().getPort())))
            .bind("ticketing.posters", PosterSettings.class)
            .get();
    store =
        new S3PosterStore(
            PosterConfiguration.client(
                settings,
                StaticCredentialsProvider.create(AwsBasicCredentials.create("id", "secret")),
                () -> Region.AP_NORTHEAST_2),
            settings.bucket());
  }

  @AfterEach
  void stop() {
    store.close();
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    byte[] body = exchange.getRequestBody().readAllBytes();
    requests.add(exchange.getRequestMethod() + " " + path);
    try {
      Thread.sleep(delayMillis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (failure > 0) {
      exchange.sendResponseHeaders(failure, -1);
    } else if (exchange.getRequestMethod().equals("PUT")) {
      assertThat(exchange.getRequestHeaders().getFirst("Content-Type")).isEqualTo("image/jpeg");
      objects.put(path, body);
      exchange.sendResponseHeaders(200, -1);
    } else if (exchange.getRequestMethod().equals("DELETE")) {
      objects.remove(path);
      exchange.sendResponseHeaders(204, -1);
    } else if (path.equals("/bucket")) {
      list(exchange);
    } else if (objects.containsKey(path)) {
      byte[] object = objects.get(path);
      exchange.sendResponseHeaders(200, object.length);
      exchange.getResponseBody().write(object);
    } else {
      byte[] error = "<Error><Code>NoSuchKey</Code><Message>none</Message></Error>".getBytes();
      exchange.getResponseHeaders().set("Content-Type", "application/xml");
      exchange.sendResponseHeaders(404, error.length);
      exchange.getResponseBody().write(error);
    }
    exchange.close();
  }

  private void list(HttpExchange exchange) throws IOException {
    Map<String, String> query =
        Stream.of(exchange.getRequestURI().getQuery().split("&"))
            .map(each -> each.split("=", 2))
            .collect(Collectors.toMap(each -> each[0], each -> each[1]));
    String contents =
        objects.keySet().stream()
            .map(path -> path.substring("/bucket/".length()))
            .filter(key -> key.startsWith(query.get("prefix")))
            .filter(key -> key.compareTo(query.getOrDefault("start-after", "")) > 0)
            .sorted()
            .limit(Long.parseLong(query.get("max-keys")))
            .map(key ->
                "<Contents><Key>%s</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>"
                    .formatted(key))
            .collect(Collectors.joining("", "<ListBucketResult>", "</ListBucketResult>"));
    byte[] body = contents.getBytes();
    exchange.getResponseHeaders().set("Content-Type", "application/xml");
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
  }

  @Test
  void imagesAreListedInOrder() {
    List<PosterKey> keys =
        Stream.of(KEY, KEY.withWidth(480), PosterKey.full(10, KEY.revision()))
            .sorted(Comparator.comparing(PosterKey::path))
            .toList();
    keys.forEach(key -> store.put(key, new byte[1]));

    assertThat(store.list("", 1000))
        .extracting(PosterStore.StoredObject::path)
        .containsExactlyElementsOf(keys.stream().map(PosterKey::path).toList());
    assertThat(store.list(keys.getFirst().path(), 1))
        .containsExactly(
            new PosterStore.StoredObject(
                keys.get(1).path(), Instant.parse("2026-01-02T03:04:05Z")));
    assertThat(store.list(keys.getLast().path(), 1)).isEmpty();
    failure = 503;
    assertThatThrownBy(() -> store.list("", 1))
        .isInstanceOf(PosterStore.UnavailableException.class);
  }

  @Test
  void imageIsStoredFoundAndDeleted() {
    byte[] image = {1, 2, 3, -1};

    assertThat(store.find(KEY)).isEmpty();
    store.put(KEY, image);

    assertThat(requests).contains("PUT /bucket/posters/7/0123456789abcdef0123456789abcdef.jpg");
    assertThat(store.find(KEY)).hasValueSatisfying(found -> assertThat(found).isEqualTo(image));
    store.delete(KEY);
    assertThat(store.find(KEY)).isEmpty();
    store.delete(KEY);
  }

  @Test
  void failuresAreReported() {
    for (int status : new int[] {403, 500, 503}) {
      failure = status;
      assertThatThrownBy(() -> store.find(KEY))
          .as("status %d", status)
          .isInstanceOf(PosterStore.UnavailableException.class);
      assertThatThrownBy(() -> store.put(KEY, new byte[1]))
          .isInstanceOf(PosterStore.UnavailableException.class);
      assertThatThrownBy(() -> store.delete(KEY))
          .isInstanceOf(PosterStore.UnavailableException.class);
    }
  }

  @Test
  void slowStoreIsUnavailable() {
    delayMillis = 6_000;
    long start = System.nanoTime();

    assertThatThrownBy(() -> store.find(KEY)).isInstanceOf(PosterStore.UnavailableException.class);

    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMillis(3_500));
  }
}
