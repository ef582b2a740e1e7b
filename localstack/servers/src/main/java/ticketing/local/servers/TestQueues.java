package ticketing.local.servers;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Queues on a server with the SQS protocol.
public final class TestQueues implements LocalServer {

  static final String REGION = "ap-northeast-2";
  static final String ACCOUNT = "000000000000";

  static final int MAX_RECEIVES = 5;
  private static final long POLL_INTERVAL = 50; // ms
  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(10);
  private static final Pattern VALUE = Pattern.compile("<Value>(\\d+)</Value>");

  /// The signature is not verified, but LocalStack reads the region from it.
  private static final String AUTHORIZATION =
      "AWS4-HMAC-SHA256 Credential=local/20260101/"
          + REGION
          + "/sqs/aws4_request, SignedHeaders=host, Signature=none";

  private final LocalServer server;
  private final Duration visibility;
  private final Duration startTimeout;

  TestQueues(LocalServer server, Duration visibility, Duration startTimeout) {
    this.server = server;
    this.visibility = visibility;
    this.startTimeout = startTimeout;
  }

  /// An external server, or [LocalStack].
  ///
  /// @param port port of its relay
  static RelayedServer external(InetSocketAddress address, int port, Duration startTimeout) {
    return new RelayedServer(
        "the queue",
        address,
        port,
        LocalStack.pid(address.getPort()),
        startTimeout,
        TestQueues::isReady,
        at -> {});
  }

  /// Starts the server and blocks until it responds to a request.
  @Override
  public void start() {
    server.start();
    long deadline = System.nanoTime() + startTimeout.toNanos();
    try {
      while (!isReady(port())) {
        if (System.nanoTime() > deadline) {
          throw new ServerException(
              "no response from the queue within " + startTimeout.toSeconds() + " s");
        }
        Thread.sleep(POLL_INTERVAL);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServerException("interrupted during the start of the queue", e);
    }
  }

  /// Makes the queue unreachable and keeps its messages, like an outage of SQS.
  @Override
  public void stop() {
    server.stop();
  }

  @Override
  public void kill() {
    server.kill();
  }

  @Override
  public boolean isRunning() {
    return server.isRunning();
  }

  @Override
  public long pid() {
    return server.pid();
  }

  @Override
  public int port() {
    return server.port();
  }

  LocalServer server() {
    return server;
  }

  void close() {
    if (server instanceof ElasticMq embedded) {
      embedded.close();
    } else {
      server.stop();
    }
  }

  /// Messages of a queue that are not deleted, received or not.
  public long backlog(String name) {
    return sum(
        name,
        Map.of(
            "AttributeName.1", "ApproximateNumberOfMessages",
            "AttributeName.2", "ApproximateNumberOfMessagesNotVisible"));
  }

  /// Messages of a queue that are visible to the next receive call.
  public long visible(String name) {
    return sum(name, Map.of("AttributeName.1", "ApproximateNumberOfMessages"));
  }

  private long sum(String name, Map<String, String> attributes) {
    Map<String, String> parameters = new LinkedHashMap<>(attributes);
    parameters.put("Action", "GetQueueAttributes");
    parameters.put("QueueUrl", url(name));
    return VALUE
        .matcher(call(parameters))
        .results()
        .mapToLong(value -> Long.parseLong(value.group(1)))
        .sum();
  }

  String endpoint() {
    return endpoint(port());
  }

  private static String endpoint(int port) {
    return "http://127.0.0.1:" + port;
  }

  String url(String name) {
    return endpoint() + "/" + ACCOUNT + "/" + name;
  }

  /// Creates the queue and `<name>-dlq`, the dead-letter queue after 5 receives, or changes the
  /// settings of existing ones.
  void create(String name) {
    create(name, visibility);
  }

  void create(String name, Duration visibility) {
    String deadLetters = name + "-dlq";
    create(deadLetters, visibility, Map.of());
    create(
        name,
        visibility,
        Map.of(
            "RedrivePolicy",
            "{\"deadLetterTargetArn\":\"arn:aws:sqs:%s:%s:%s\",\"maxReceiveCount\":%d}"
                .formatted(REGION, ACCOUNT, deadLetters, MAX_RECEIVES)));
  }

  static boolean isReady(int port) {
    try {
      call(port, Map.of("Action", "ListQueues"));
      return true;
    } catch (ServerException e) {
      return false;
    }
  }

  private void create(String name, Duration visibility, Map<String, String> attributes) {
    call(Map.of("Action", "CreateQueue", "QueueName", name));
    Map<String, String> settings = new LinkedHashMap<>(attributes);
    settings.put("VisibilityTimeout", Long.toString(visibility.toSeconds()));
    Map<String, String> parameters = new LinkedHashMap<>();
    parameters.put("Action", "SetQueueAttributes");
    parameters.put("QueueUrl", url(name));
    int number = 0;
    for (var attribute : settings.entrySet()) {
      number++;
      parameters.put("Attribute." + number + ".Name", attribute.getKey());
      parameters.put("Attribute." + number + ".Value", attribute.getValue());
    }
    call(parameters);
  }

  private String call(Map<String, String> parameters) {
    return call(port(), parameters);
  }

  /// Sends one request of the SQS query protocol. An SDK is not needed for three actions.
  private static String call(int port, Map<String, String> parameters) {
    String form =
        parameters.entrySet().stream()
            .map(entry ->
                entry.getKey() + "=" + URLEncoder.encode(entry.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("&"));
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(endpoint(port) + "/"))
            .timeout(CALL_TIMEOUT)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Authorization", AUTHORIZATION)
            .POST(HttpRequest.BodyPublishers.ofString(form))
            .build();
    try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new ServerException(
            "the queue refused " + parameters.get("Action") + ": " + response.body());
      }
      return response.body();
    } catch (IOException e) {
      throw new ServerException("no response from the queue at " + endpoint(port), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServerException("interrupted while calling the queue", e);
    }
  }
}
