package ticketing.systemtest.fleet;

import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import ticketing.domain.seatmap.SeatMap;
import ticketing.local.servers.LocalServer;
import ticketing.local.servers.LocalServers;
import ticketing.local.servers.LocalSigningKey;
import ticketing.local.servers.Ports;
import ticketing.local.servers.ProjectRoot;
import ticketing.local.servers.ServerSettings;
import ticketing.local.system.ApplicationProcess;
import ticketing.local.system.DemoData;
import ticketing.local.system.LocalSystem;
import ticketing.local.system.SystemSettings;
import ticketing.security.AccessTokenIssuer;
import ticketing.security.AccessTokenSettings;
import ticketing.security.Role;
import ticketing.security.SigningSettings;

/// The system under test: two processes of each kind, each server in a separate process, and a
/// [TcpRelay][ticketing.local.servers.TcpRelay] on each connection.
public final class Fleet implements AutoCloseable {

  static final Duration VISIBILITY_TIMEOUT = Duration.ofSeconds(20);

  /// Wait time of a worker's receive call.
  public static final Duration RECEIVE_WAIT = Duration.ofSeconds(2);

  public static final List<String> INGRESSES = List.of("ingress-api", "ingress-api-2");

  /// Added and removed by [#addNarrowIngress] and its caller.
  private static final String NARROW_INGRESS = "ingress-api-3";

  public static final List<String> NOTIFIERS = List.of("notifier", "notifier-2");
  public static final List<String> WORKERS = List.of(worker(1), worker(2));
  public static final List<String> SERVERS = List.of("database", "Redis", "queue");

  private static final Duration START_TIMEOUT = Duration.ofSeconds(300);

  /// Each worker that a test may start has its relays.
  private static final int MAX_WORKERS = 4;

  private static final String CLIENTS = "clients";

  private static Fleet shared;
  private static SpanCollector collector;

  private final Network network = new Network();
  private final AccessTokenIssuer tokens =
      new AccessTokenIssuer(
          AccessTokenSettings.of(),
          new SigningSettings(LocalSigningKey.PRIVATE_KEY, Duration.ofHours(8)),
          true,
          Clock.systemUTC());
  private final Optional<ProcessClocks> clocks;
  private final LocalSystem system;
  private final List<URI> ingresses;
  private final List<URI> notifiers;

  /// @param settings environment variables of all applications
  private Fleet(Path folder, Map<String, String> settings, Optional<ProcessClocks> clocks) {
    this.clocks = clocks;
    int database = Ports.free();
    int redis = Ports.free();
    int queue = Ports.free();
    int ingressPort = Ports.free();
    Map<String, Map<String, String>> environments = new HashMap<>();
    INGRESSES.forEach(name -> environments.put(name, environment(name, database, redis, queue)));
    Map<String, String> narrow = environment(NARROW_INGRESS, database, redis, queue);
    narrow.put("TICKETING_QUEUE_MAX_IN_FLIGHT", "1");
    environments.put(NARROW_INGRESS, narrow);
    for (int number = 1; number <= MAX_WORKERS; number++) {
      String name = worker(number);
      environments.put(name, environment(name, database, redis, queue));
    }
    for (String name : NOTIFIERS) {
      Map<String, String> environment = new HashMap<>(redisEnvironment(name, redis));
      environment.put(
          "TICKETING_INGRESS_URL",
          "http://127.0.0.1:" + network.link(name, INGRESSES.getFirst(), ingressPort));
      environments.put(name, environment);
    }
    clocks.ifPresent(changed ->
        environments.replaceAll((name, environment) -> {
          Map<String, String> all = new HashMap<>(environment);
          all.putAll(changed.environment(name));
          return all;
        }));
    ServerSettings servers =
        ServerSettings.in(folder)
            .withPorts(database, redis, queue)
            .withSeparateQueue()
            .withVisibility(VISIBILITY_TIMEOUT);
    Map<String, String> environment = new HashMap<>(settings);
    environment.put("TICKETING_WORKER_RETRY_FOR", "10s");
    // Logs contain no mails, as in production.
    environment.put("TICKETING_MAIL_LOG_TEXT", "false");
    // One test client books for many people.
    environment.put("TICKETING_RATES_BOOKING_PER_SECOND", "100000");
    environment.put("TICKETING_RATES_BOOKING_BURST", "100000");
    environment.put("TICKETING_RATES_MAX_UNDECIDED_BOOKINGS", "100000");
    environment.put("TICKETING_TICKETS_MAX_LONG_POLLS_PER_USER", "10000");
    environment.put("TICKETING_MAX_SOCKETS_PER_USER", "10000");
    environment.put("TICKETING_MAX_ANONYMOUS_PERCENT", "100");
    environment.put("TICKETING_WORKER_POLL_WAIT", RECEIVE_WAIT.toSeconds() + "s");
    system =
        LocalSystem.start(
            new SystemSettings(
                servers,
                ProjectRoot.root(),
                2,
                ingressPort,
                0,
                0,
                0,
                0,
                environment,
                environments));
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<ApplicationProcess> ingress = threads.submit(system::addIngress);
      Future<ApplicationProcess> notifier = threads.submit(system::addNotifier);
      ingresses = List.of(front(system.ingress()), front(ingress.get()));
      notifiers = List.of(front(system.notifier()), front(notifier.get()));
    } catch (InterruptedException | ExecutionException e) {
      system.close();
      throw new IllegalStateException(e);
    }
  }

  /// Returns the fleet of this JVM. Its applications log and trace with production settings, and
  /// start from AOT caches like those of the images.
  public static synchronized Fleet shared() {
    if (shared == null) {
      LocalSystem.makeCaches();
      collector = new SpanCollector();
      Fleet fleet =
          new Fleet(
              Path.of("target", "fleet").toAbsolutePath(),
              Map.of(
                  "TICKETING_LOG_FORMAT", "ecs",
                  "TICKETING_TRACES_ENDPOINT", collector.endpoint(),
                  "TICKETING_TRACES_SAMPLING", "0",
                  "OTEL_BSP_SCHEDULE_DELAY", "200"),
              Optional.empty());
      Runtime.getRuntime().addShutdownHook(new Thread(fleet::close, "fleet-stop"));
      shared = fleet;
    }
    return shared;
  }

  /// Returns the collector of the shared fleet. It receives the traces of requests with a sampled
  /// `traceparent`.
  public static synchronized SpanCollector collector() {
    shared();
    return collector;
  }

  /// Starts a fleet whose clocks can be changed, if this machine has the library for it.
  public static Fleet start(Path folder) {
    return new Fleet(folder, Map.of(), ProcessClocks.in(folder.resolve("clocks")));
  }

  public static String worker(int number) {
    return number == 1 ? "booking-worker" : "booking-worker-" + number;
  }

  public LocalSystem system() {
    return system;
  }

  public LocalServers servers() {
    return system.servers();
  }

  public Network network() {
    return network;
  }

  /// Empty if the clocks cannot be changed.
  Optional<ProcessClocks> clocks() {
    return clocks;
  }

  public ApplicationProcess application(String name) {
    return system.applications().stream()
        .filter(application -> application.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /// Kills all applications and servers and starts them again. They are ready on return.
  public void restartAll() {
    system.applications().forEach(ApplicationProcess::kill);
    List<LocalServer> all = List.of(servers().database(), servers().redis(), servers().queue());
    all.forEach(LocalServer::kill);
    all.parallelStream().forEach(LocalServer::start);
    system.applications().forEach(ApplicationProcess::start);
    system.applications().forEach(application -> application.awaitReady(START_TIMEOUT));
  }

  /// Adds an ingress with one permit for sends, so that it refuses most requests of a flood.
  ///
  /// @return URL for clients
  public URI addNarrowIngress() {
    return front(system.addIngress());
  }

  /// URLs for clients.
  public List<URI> ingresses() {
    return ingresses;
  }

  public List<URI> notifiers() {
    return notifiers;
  }

  public String token(String userId) {
    return tokens.issue(userId, Role.BUYER);
  }

  /// Adds an event that is on sale.
  ///
  /// @param maxSeatsPerUser null: no limit.
  /// @param holdMinutes null: bookings are confirmed immediately.
  public long addEvent(
      String name, Integer maxSeatsPerUser, Integer holdMinutes, DemoData.SeatType... seatTypes)
      throws SQLException {
    try (Connection connection = servers().connect()) {
      return insertEvent(connection, name, maxSeatsPerUser, holdMinutes, seatTypes);
    }
  }

  private static long insertEvent(
      Connection connection,
      String name,
      Integer maxSeatsPerUser,
      Integer holdMinutes,
      DemoData.SeatType... seatTypes)
      throws SQLException {
    return DemoData.addEvent(
        connection,
        name,
        Instant.now().plus(Duration.ofDays(30)),
        null,
        maxSeatsPerUser,
        holdMinutes,
        List.of(seatTypes));
  }

  /// Adds an event on sale, with numbered seats and a waiting list.
  ///
  /// @param holdMinutes null: bookings are confirmed immediately.
  public long addHall(
      String name,
      SeatMap map,
      Integer maxSeatsPerUser,
      Integer holdMinutes,
      int offerMinutes,
      DemoData.SeatType... seatTypes)
      throws SQLException {
    try (Connection connection = servers().connect()) {
      connection.setAutoCommit(false);
      long event = insertEvent(connection, name, maxSeatsPerUser, holdMinutes, seatTypes);
      DemoData.addSeatMap(connection, event, map);
      try (PreparedStatement update =
          connection.prepareStatement(
              "UPDATE events SET waiting_list = TRUE, offer_minutes = ? WHERE id = ?")) {
        update.setInt(1, offerMinutes);
        update.setLong(2, event);
        update.executeUpdate();
      }
      connection.commit();
      return event;
    }
  }

  /// Sum of a metric over all workers.
  public double workersMetric(String name) {
    return system.workers().stream().mapToDouble(worker -> worker.metric(name)).sum();
  }

  /// Executes a query with one number as its result.
  public long number(String query, Object... parameters) throws SQLException {
    try (Connection connection = servers().connect();
        PreparedStatement statement = connection.prepareStatement(query)) {
      for (int index = 0; index < parameters.length; index++) {
        statement.setObject(index + 1, parameters[index]);
      }
      try (var rows = statement.executeQuery()) {
        rows.next();
        return rows.getLong(1);
      }
    }
  }

  @Override
  public void close() {
    system.close();
    network.close();
  }

  private Map<String, String> environment(String name, int database, int redis, int queue) {
    Map<String, String> environment = new HashMap<>(redisEnvironment(name, redis));
    environment.put(
        "TICKETING_DATABASE_URL",
        "jdbc:mysql://127.0.0.1:" + network.link(name, "database", database) + "/ticketing");
    environment.put(
        "TICKETING_QUEUE_ENDPOINT", "http://127.0.0.1:" + network.link(name, "queue", queue));
    return environment;
  }

  private Map<String, String> redisEnvironment(String name, int redis) {
    return Map.of(
        "TICKETING_REDIS_ADDRESSES", "redis://127.0.0.1:" + network.link(name, "Redis", redis));
  }

  private URI front(ApplicationProcess application) {
    int port = network.link(CLIENTS, application.name(), application.url().getPort());
    return URI.create("http://127.0.0.1:" + port);
  }
}
