package ticketing.benchmark.distance;

import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.springframework.util.FileSystemUtils;
import ticketing.benchmark.report.Measurement;
import ticketing.benchmark.report.Measurement.Row;
import ticketing.benchmark.support.Events;
import ticketing.benchmark.support.ImageOptions;
import ticketing.benchmark.support.Load;
import ticketing.benchmark.support.Peer;
import ticketing.local.servers.LocalServers;
import ticketing.local.servers.Ports;
import ticketing.local.servers.ServerSettings;
import ticketing.local.servers.TcpRelay;
import ticketing.local.system.LocalSystem;
import ticketing.local.system.SystemSettings;

/// Decisions a second with and without a distance between the applications and the database, Redis
/// and the queue: this system, and the peer, whose requests hold the row lock during their round
/// trips.
///
/// Relays carry all of this traffic. After a warm-up, turns without and with a delay alternate in
/// the same processes, so that the figures differ by the delay only.
final class DistanceBenchmark {

  private static final String PART = "distance";
  private static final String UNIT = "decisions/s";
  private static final Duration ROUND_TRIP = Duration.ofMillis(1);
  private static final double MIN_SHARE = 0.8;
  private static final int SEATS = 10_000_000;
  private static final int USERS = 10_000; // a user may book a few times a second
  private static final int CONNECTIONS = Integer.getInteger("benchmark.distance.connections", 64);
  private static final int TURNS = Integer.getInteger("benchmark.distance.turns", 3);
  private static final Duration TURN =
      Duration.ofSeconds(Integer.getInteger("benchmark.distance.seconds", 8));
  private static final Duration WARM_UP =
      Duration.ofSeconds(Integer.getInteger("benchmark.distance.warm-up", 40));

  private final Path folder;

  private DistanceBenchmark(Path folder) {
    this.folder = folder;
  }

  /// @param near decisions a second in the turns without a delay
  /// @param far those with it
  private record Result(double near, double far) {}

  /// @param arguments folder of the results; work folder
  public static void main(String[] arguments) throws Exception {
    if (!Measurement.isSelected(PART)) {
      return;
    }
    Path folder = Path.of(arguments[1]).toAbsolutePath();
    FileSystemUtils.deleteRecursively(folder);
    new DistanceBenchmark(Files.createDirectories(folder)).run().write(Path.of(arguments[0]));
    System.exit(0);
  }

  private Measurement run() throws Exception {
    LocalSystem.makeCaches();
    Measurement all = Measurement.of(PART, "mvn -Pbenchmark -Dbenchmark.parts=" + PART);
    Row own = row("this system", runSystem());
    all = all.with(own.withMinRatio(MIN_SHARE));
    return all.with(row("peer, row lock", runPeer()));
  }

  private static Row row(String title, Result result) {
    System.out.printf(
        Locale.ROOT, "[distance] %s: %.0f/s near, %.0f/s far%n", title, result.near, result.far);
    return Row.of(
            "round trip of %d ms, ".formatted(ROUND_TRIP.toMillis()) + title, result.far, UNIT)
        .withBaseline("the same without delay", result.near)
        .withNote(
            "%d turns of %d s each after %d s of warm-up"
                .formatted(TURNS, TURN.toSeconds(), WARM_UP.toSeconds()));
  }

  private Result runSystem() throws Exception {
    int database = Ports.free();
    int redis = Ports.free();
    int queue = Ports.free();
    Path work = folder.resolve("system");
    try (Relays relays = new Relays()) {
      SystemSettings settings =
          SystemSettings.in(work)
              .withServers(ServerSettings.in(work).withPorts(database, redis, queue))
              .withEnvironment(
                  Map.of(
                      "_JAVA_OPTIONS",
                      ImageOptions.TEXT,
                      "TICKETING_WARM_UP_MODE",
                      "before-ready",
                      "TICKETING_DATABASE_URL",
                      "jdbc:mysql://127.0.0.1:" + relays.open(database) + "/ticketing",
                      "TICKETING_REDIS_ADDRESSES",
                      "redis://127.0.0.1:" + relays.open(redis),
                      "TICKETING_QUEUE_ENDPOINT",
                      "http://127.0.0.1:" + relays.open(queue)));
      try (LocalSystem system = LocalSystem.start(settings)) {
        URI ingress = system.ingress().url();
        long event = Events.create(ingress, "Distance", SEATS);
        Load load = Load.ofBookings(ingress, event, "distance-", USERS);
        String decided = "SELECT COUNT(*) FROM tickets WHERE event_id = " + event;
        return alternate(relays, load, system.servers(), decided);
      }
    }
  }

  private Result runPeer() throws Exception {
    Path work = folder.resolve("peer");
    int database = Ports.free();
    try (Relays relays = new Relays();
        LocalServers servers =
            LocalServers.start(ServerSettings.in(work).withPorts(database, 0, 0))) {
      String url =
          servers.databaseUrl().replace(":" + database + "/", ":" + relays.open(database) + "/");
      try (Peer peer = Peer.start(servers, url, "row-lock", SEATS, work)) {
        return alternate(relays, peer.load(), servers, "SELECT COUNT(*) FROM peer_bookings");
      }
    }
  }

  /// @param count SQL of the number of decisions
  private static Result alternate(Relays relays, Load load, LocalServers servers, String count)
      throws SQLException, InterruptedException {
    load.run(CONNECTIONS, WARM_UP);
    double near = 0;
    double far = 0;
    for (int turn = 0; turn < TURNS; turn++) {
      relays.delay(Duration.ZERO);
      near += rate(load, servers, count);
      relays.delay(ROUND_TRIP.dividedBy(2));
      far += rate(load, servers, count);
    }
    return new Result(near / TURNS, far / TURNS);
  }

  private static double rate(Load load, LocalServers servers, String count)
      throws SQLException, InterruptedException {
    long before = count(servers, count);
    long begin = System.nanoTime();
    load.run(CONNECTIONS, TURN);
    return (count(servers, count) - before) * 1e9 / (System.nanoTime() - begin);
  }

  private static long count(LocalServers servers, String count) throws SQLException {
    try (Connection connection = servers.connect();
        PreparedStatement select = connection.prepareStatement(count);
        ResultSet row = select.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }

  private static final class Relays implements AutoCloseable {

    private final List<TcpRelay> relays = new ArrayList<>();

    /// @return port of a relay to this port
    int open(int port) {
      TcpRelay relay = new TcpRelay(new InetSocketAddress("127.0.0.1", port));
      relay.start();
      relays.add(relay);
      return relay.port();
    }

    void delay(Duration oneWay) {
      relays.forEach(relay -> relay.delay(oneWay));
    }

    @Override
    public void close() {
      relays.forEach(TcpRelay::close);
    }
  }
}
