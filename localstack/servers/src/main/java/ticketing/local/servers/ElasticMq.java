package ticketing.local.servers;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
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

/// SQS server (ElasticMQ), in this JVM or in a child process. [#stop] makes it unreachable and
/// keeps its messages, like an outage of SQS.
final class ElasticMq implements LocalServer {

  private static final Duration STOP_GRACE = Duration.ofSeconds(10);
  private static final FiniteDuration CONNECTION_GRACE = FiniteDuration.apply(1, TimeUnit.SECONDS);
  private static final FiniteDuration TIMEOUT = FiniteDuration.apply(30, TimeUnit.SECONDS);

  private final Path folder;
  private final int port;
  private final boolean separate;
  private final boolean persistent;
  private final Duration startTimeout;
  private ManagedProcess process;
  private ActorSystem system;
  private ActorRef store;
  private ActorRef manager;
  private Http.ServerBinding binding;

  /// @param separate true: a child process, which stores its messages on disk
  ElasticMq(Path folder, int port, boolean separate, boolean persistent, Duration startTimeout) {
    this.folder = folder;
    this.port = port;
    this.separate = separate;
    this.persistent = persistent;
    this.startTimeout = startTimeout;
  }

  /// Main method of the child process. It runs until it is killed.
  ///
  /// @param arguments folder, port
  public static void main(String[] arguments) throws InterruptedException {
    ElasticMq queue =
        new ElasticMq(
            Path.of(arguments[0]), Integer.parseInt(arguments[1]), false, true, Duration.ZERO);
    queue.start();
    TimeUnit.DAYS.sleep(Long.MAX_VALUE);
  }

  @Override
  public synchronized void start() {
    if (isRunning()) {
      return;
    }
    Ports.requireFree(port, "the queue");
    if (separate) {
      startProcess();
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
                TestQueues.REGION,
                TestQueues.ACCOUNT,
                Option.apply(store),
                new AutoCreateQueuesConfig(false, null))
            .start();
    binding = await(server.startFuture(), "start");
  }

  /// Closes all connections, refuses new ones and keeps the messages.
  @Override
  public synchronized void stop() {
    if (process != null) {
      process.stop(STOP_GRACE);
    }
    if (binding != null) {
      await(binding.terminate(CONNECTION_GRACE), "stop");
      binding = null;
    }
  }

  /// @throws IllegalStateException if it is not a child process
  @Override
  public synchronized void kill() {
    requireProcess().kill();
  }

  @Override
  public synchronized boolean isRunning() {
    return separate ? process != null && process.isAlive() : binding != null;
  }

  @Override
  public synchronized long pid() {
    return requireProcess().pid();
  }

  synchronized Duration processorTime() {
    return process == null ? Duration.ZERO : process.processorTime();
  }

  synchronized void onUnexpectedEnd(Consumer<ManagedProcess> listener) {
    if (process != null) {
      process.onUnexpectedEnd(listener);
    }
  }

  @Override
  public int port() {
    return port;
  }

  synchronized void close() {
    stop();
    if (system != null) {
      await(system.terminate(), "terminate");
      system = null;
    }
  }

  private ManagedProcess requireProcess() {
    if (process == null) {
      throw new IllegalStateException("the queue is not a child process, or was not started");
    }
    return process;
  }

  private void startProcess() {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--sun-misc-unsafe-memory-access=allow",
            "-Dticketing.log=" + folder.resolve("queue.log"),
            "-cp",
            System.getProperty("java.class.path"),
            ElasticMq.class.getName(),
            folder.toString(),
            Integer.toString(port));
    process =
        ManagedProcess.start("the queue", command, Map.of(), folder, folder.resolve("queue.log"));
    process.awaitReady(() -> !Ports.isFree(port), startTimeout);
  }

  private void startActors() {
    system = ActorSystem.create("queue", config());
    if (persistent) {
      // WRITE_DELAY=0 writes a message to disk before the response.
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
            # Daemon threads, so that the JVM can end while the queue runs.
            pekko.daemonic = on
            pekko.jvm-shutdown-hooks = off
            pekko.coordinated-shutdown.run-by-jvm-shutdown-hook = off
            pekko.http.server.max-connections = 4096
            # Longer than the longest receive call (20 s).
            pekko.http.server.request-timeout = 25 s
            """)
        .withFallback(ConfigFactory.load(ElasticMq.class.getClassLoader()));
  }

  private <T> T await(Future<T> future, String action) {
    try {
      return Await.result(future, TIMEOUT);
    } catch (TimeoutException e) {
      throw new ServerException("the queue did not " + action + " within " + TIMEOUT, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServerException("interrupted during " + action + " of the queue", e);
    }
  }
}
