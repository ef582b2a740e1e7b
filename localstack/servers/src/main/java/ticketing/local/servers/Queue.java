package ticketing.local.servers;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.Props;
import org.apache.pekko.http.scaladsl.Http;
import org.apache.pekko.pattern.Patterns;
import org.elasticmq.NodeAddress;
import org.elasticmq.StrictSQSLimits$;
import org.elasticmq.actor.QueueManagerActor;
import org.elasticmq.actor.queue.QueueEvent;
import org.elasticmq.persistence.sql.SqlQueuePersistenceActor;
import org.elasticmq.persistence.sql.SqlQueuePersistenceConfig;
import org.elasticmq.rest.sqs.AutoCreateQueuesConfig;
import org.elasticmq.rest.sqs.TheSQSRestServerBuilder;
import org.elasticmq.util.NowProvider;
import scala.Option;
import scala.collection.immutable.List$;
import scala.concurrent.Await;
import scala.concurrent.Future;
import scala.concurrent.duration.FiniteDuration;

/// An SQS server (ElasticMQ), inside this JVM or as a process of its own. [#stop] makes it unreachable
/// but keeps its messages, as an outage of SQS would.
public final class Queue {

  static final String REGION = "ap-northeast-2";

  private static final String ACCOUNT = "000000000000";
  private static final int MAX_RECEIVES = 5;
  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(10);
  private static final Pattern VALUE = Pattern.compile("<Value>(\\d+)</Value>");
  private static final Duration STOP_GRACE = Duration.ofSeconds(10);
  private static final FiniteDuration HANG_UP = FiniteDuration.apply(1, TimeUnit.SECONDS);
  private static final FiniteDuration TIMEOUT = FiniteDuration.apply(30, TimeUnit.SECONDS);

  private final Path folder;
  private final int port;
  private final boolean apart;
  private final boolean persistent;
  private final Duration visibility;
  private final Duration startTimeout;
  private ManagedProcess process;
  private ActorSystem system;
  private ActorRef store;
  private ActorRef manager;
  private Http.ServerBinding binding;

  Queue(
      Path folder,
      int port,
      boolean apart,
      boolean persistent,
      Duration visibility,
      Duration startTimeout) {
    this.folder = folder;
    this.port = port;
    this.apart = apart;
    this.persistent = persistent;
    this.visibility = visibility;
    this.startTimeout = startTimeout;
  }

  /// The process of a queue that runs apart, until it is killed.
  ///
  /// @param arguments folder, port
  public static void main(String[] arguments) throws InterruptedException {
    Queue queue =
        new Queue(
            Path.of(arguments[0]),
            Integer.parseInt(arguments[1]),
            false,
            true,
            Duration.ZERO,
            Duration.ZERO);
    queue.start();
    TimeUnit.DAYS.sleep(Long.MAX_VALUE);
  }

  /// Reachable on return.
  ///
  /// @throws ServerException if it does not come up
  public synchronized void start() {
    if (isRunning()) {
      return;
    }
    Ports.requireFree(port, "the queue");
    if (apart) {
      startApart();
      return;
    }
    if (system == null) {
      startActors();
    }
    var server =
        new TheSQSRestServerBuilder(
                Option.apply(system),
                Option.apply(manager),
                "127.0.0.1",
                port,
                new NodeAddress("http", "127.0.0.1", port, ""),
                false,
                StrictSQSLimits$.MODULE$,
                REGION,
                ACCOUNT,
                Option.apply(store),
                new AutoCreateQueuesConfig(false, null))
            .start();
    binding = await(server.startFuture(), "start");
  }

  /// Refuses connections from now on, cuts the open ones and keeps the messages.
  public synchronized void stop() {
    if (process != null) {
      process.stop(STOP_GRACE);
    }
    if (binding != null) {
      await(binding.terminate(HANG_UP), "stop");
      binding = null;
    }
  }

  /// Ends it as a power cut would.
  ///
  /// @throws IllegalStateException if it is no process of its own
  public synchronized void kill() {
    apart().kill();
  }

  public synchronized boolean isRunning() {
    return apart ? process != null && process.isAlive() : binding != null;
  }

  /// @throws IllegalStateException if it is no process of its own
  public synchronized long pid() {
    return apart().pid();
  }

  synchronized Duration processorTime() {
    return process == null ? Duration.ZERO : process.processorTime();
  }

  synchronized void onDeath(Consumer<ManagedProcess> listener) {
    if (process != null) {
      process.onDeath(listener);
    }
  }

  public int port() {
    return port;
  }

  /// Messages of a queue that are not deleted yet: waiting and received.
  public long backlog(String name) {
    return sum(
        name,
        Map.of(
            "AttributeName.1", "ApproximateNumberOfMessages",
            "AttributeName.2", "ApproximateNumberOfMessagesNotVisible"));
  }

  /// Messages of a queue that nobody has received yet.
  public long waiting(String name) {
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
    return "http://127.0.0.1:" + port;
  }

  String url(String name) {
    return endpoint() + "/" + ACCOUNT + "/" + name;
  }

  /// Creates the queue and `<name>-dlq`, where a message goes after 5 receives, or brings those that
  /// exist to these settings.
  void create(String name) {
    String deadLetters = name + "-dlq";
    create(deadLetters, Map.of());
    create(
        name,
        Map.of(
            "RedrivePolicy",
            "{\"deadLetterTargetArn\":\"arn:aws:sqs:%s:%s:%s\",\"maxReceiveCount\":%d}"
                .formatted(REGION, ACCOUNT, deadLetters, MAX_RECEIVES)));
  }

  synchronized void close() {
    stop();
    if (system != null) {
      await(system.terminate(), "terminate");
      system = null;
    }
  }

  private ManagedProcess apart() {
    if (process == null) {
      throw new IllegalStateException("the queue is not a process of its own, or was never started");
    }
    return process;
  }

  private void startApart() {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "--sun-misc-unsafe-memory-access=allow",
            "-Dticketing.log=" + folder.resolve("queue.log"),
            "-cp",
            System.getProperty("java.class.path"),
            Queue.class.getName(),
            folder.toString(),
            Integer.toString(port));
    process =
        ManagedProcess.start("the queue", command, Map.of(), folder, folder.resolve("queue.log"));
    process.awaitReady(() -> !Ports.isFree(port), startTimeout);
  }

  private void startActors() {
    system = ActorSystem.create("queue", config());
    if (persistent) {
      // WRITE_DELAY=0: on disk before it counts as stored.
      var h2 =
          new SqlQueuePersistenceConfig(
              true,
              "org.h2.Driver",
              "jdbc:h2:" + folder.resolve("queue") + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE",
              "",
              "",
              false);
      store =
          system.actorOf(
              Props.create(
                  SqlQueuePersistenceActor.class,
                  () -> new SqlQueuePersistenceActor(h2, List$.MODULE$.empty())));
    }
    manager =
        system.actorOf(
            Props.create(
                QueueManagerActor.class,
                () ->
                    new QueueManagerActor(
                        new NowProvider(), StrictSQSLimits$.MODULE$, Option.apply(store))));
    if (persistent) {
      restore();
    }
  }

  private void restore() {
    try {
      Patterns.ask(store, new QueueEvent.Restore(manager), Duration.ofSeconds(30))
          .toCompletableFuture()
          .get(30, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new ServerException("the queue cannot restore its messages from " + folder, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServerException("interrupted while the queue restored its messages", e);
    }
  }

  private static Config config() {
    return ConfigFactory.parseString(
            """
            pekko.loglevel = WARNING
            pekko.stdout-loglevel = OFF
            # A JVM whose work is done ends although the queue still runs.
            pekko.daemonic = on
            pekko.jvm-shutdown-hooks = off
            pekko.coordinated-shutdown.run-by-jvm-shutdown-hook = off
            pekko.http.server.max-connections = 4096
            # Longer than the longest poll (20 s).
            pekko.http.server.request-timeout = 25 s
            """)
        .withFallback(ConfigFactory.load(Queue.class.getClassLoader()));
  }

  private void create(String name, Map<String, String> attributes) {
    call(Map.of("Action", "CreateQueue", "QueueName", name));
    Map<String, String> wanted = new LinkedHashMap<>(attributes);
    wanted.put("VisibilityTimeout", Long.toString(visibility.toSeconds()));
    Map<String, String> parameters = new LinkedHashMap<>();
    parameters.put("Action", "SetQueueAttributes");
    parameters.put("QueueUrl", url(name));
    int number = 0;
    for (var attribute : wanted.entrySet()) {
      number++;
      parameters.put("Attribute." + number + ".Name", attribute.getKey());
      parameters.put("Attribute." + number + ".Value", attribute.getValue());
    }
    call(parameters);
  }

  /// One call of the SQS query protocol; this library needs no SDK for so few calls.
  private String call(Map<String, String> parameters) {
    String form =
        parameters.entrySet().stream()
            .map(
                entry ->
                    entry.getKey()
                        + "="
                        + URLEncoder.encode(entry.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("&"));
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(endpoint() + "/"))
            .timeout(CALL_TIMEOUT)
            .header("Content-Type", "application/x-www-form-urlencoded")
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
      throw new ServerException("the queue does not answer at " + endpoint(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServerException("interrupted while calling the queue", e);
    }
  }

  private <T> T await(Future<T> future, String what) {
    try {
      return Await.result(future, TIMEOUT);
    } catch (TimeoutException e) {
      throw new ServerException("the queue did not " + what + " within " + TIMEOUT, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServerException("interrupted while the queue had to " + what, e);
    }
  }
}
