package ticketing.benchmark.support;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import ticketing.local.servers.LocalServers;
import ticketing.local.servers.ManagedProcess;
import ticketing.local.servers.Ports;
import ticketing.local.system.BootJar;

/// Process of the peer, a booking service without a queue, see [ticketing.benchmark.peer].
public final class Peer implements AutoCloseable {

  private static final Duration START_TIMEOUT = Duration.ofMinutes(3);
  private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(20);

  private final URI url;
  private final ManagedProcess process;

  private Peer(URI url, ManagedProcess process) {
    this.url = url;
    this.process = process;
  }

  /// Starts a peer with one event on servers without its tables. It returns when the peer listens.
  ///
  /// @param path of its bookings: `row-lock` or `redisson-lock`
  /// @param databaseUrl JDBC URL of the database of the servers, which may be that of a relay
  /// @param folder of its log
  public static Peer start(
      LocalServers servers, String databaseUrl, String path, int seats, Path folder)
      throws SQLException, InterruptedException {
    createTables(servers, seats);
    int port = Ports.free();
    URI url = URI.create("http://127.0.0.1:" + port + "/" + path);
    ManagedProcess process =
        ManagedProcess.start(
            "peer",
            command(servers, databaseUrl, port),
            Map.of(),
            folder,
            folder.resolve("peer.log"));
    process.awaitReady(() -> isListening(url), START_TIMEOUT);
    return new Peer(url, process);
  }

  /// Address of its bookings.
  public URI url() {
    return url;
  }

  public Duration processorTime() {
    return process.processorTime();
  }

  /// Returns a load of bookings.
  public Load load() {
    return new Load(url, "{\"eventId\":1,\"seatType\":\"R\",\"quantity\":1}", 201, List.of());
  }

  @Override
  public void close() {
    process.stop(STOP_TIMEOUT);
  }

  private static List<String> command(LocalServers servers, String databaseUrl, int port) {
    List<String> command = new ArrayList<>();
    command.add(BootJar.java().toString());
    command.addAll(List.of(ImageOptions.TEXT.split(" ")));
    command.addAll(List.of("-XX:+UseSerialGC", "-Xms192m", "-Xmx256m"));
    command.addAll(List.of("-classpath", System.getProperty("java.class.path")));
    command.add("ticketing.benchmark.peer.PeerApplication");
    command.add("--server.address=127.0.0.1");
    command.add("--server.port=" + port);
    command.add("--spring.datasource.url=" + databaseUrl);
    command.add("--spring.datasource.username=" + servers.databaseUser());
    command.add("--spring.datasource.password=" + servers.databasePassword());
    command.add("--spring.jpa.open-in-view=false");
    command.add("--spring.jpa.database-platform=org.hibernate.dialect.MariaDBDialect");
    command.add("--logging.config=classpath:peer-logback.xml");
    command.add("--peer.redis=" + servers.redisAddress());
    return command;
  }

  private static void createTables(LocalServers servers, int seats) throws SQLException {
    try (Connection connection = servers.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE TABLE peer_events (id BIGINT PRIMARY KEY, available_seats INT NOT NULL)");
      statement.execute("INSERT INTO peer_events VALUES (1, " + seats + ")");
      statement.execute(
          """
          CREATE TABLE peer_bookings (
            id BIGINT AUTO_INCREMENT PRIMARY KEY, event_id BIGINT NOT NULL,
            quantity INT NOT NULL, booked_at DATETIME(6) NOT NULL)\
          """);
    }
  }

  private static boolean isListening(URI url) {
    try (HttpClient http = HttpClient.newHttpClient()) {
      http.send(
          HttpRequest.newBuilder(url.resolve("/")).timeout(PROBE_TIMEOUT).build(),
          BodyHandlers.discarding());
      return true;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
