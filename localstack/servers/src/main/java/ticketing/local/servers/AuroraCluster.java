package ticketing.local.servers;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Two MariaDB servers that answer the AWS JDBC wrapper like the writer and the reader of an Aurora
/// cluster. Each server is behind a [TcpRelay], which injects faults. The reader is read-only.
///
/// The servers have no common storage, so rows of one are absent in the other. Names do not
/// resolve: a client connects to [#port] of a name, without TLS.
public final class AuroraCluster implements AutoCloseable {

  /// Cluster endpoint. It leads to the writer, see [#promoteWithStaleEndpoints].
  public static final String ENDPOINT =
      "ticketing.cluster-c1234567890.ap-northeast-2.rds.amazonaws.com";

  /// Reader endpoint. It leads to the other instance than [#ENDPOINT].
  public static final String READER_ENDPOINT = ENDPOINT.replace(".cluster-", ".cluster-ro-");

  private static final int INSTANCES = 2;
  private static final String INSTANCE_DOMAIN = ".c1234567890.ap-northeast-2.rds.amazonaws.com";

  private final Path folder;
  private final List<DatabaseServer> servers = new ArrayList<>();
  private final List<TestSchemas> schemas = new ArrayList<>();
  private final List<AuroraQueries> queries = new ArrayList<>();
  private final List<TcpRelay> relays = new ArrayList<>();
  private volatile int writer;
  private volatile int endpoint;

  private AuroraCluster(Path folder) {
    this.folder = folder.toAbsolutePath();
  }

  /// Starts both servers with an empty schema. Instance 0 is the writer.
  ///
  /// @param startTimeout limit for each server
  /// @throws ServerException if a server does not become ready; then both are stopped
  public static AuroraCluster start(Path folder, Duration startTimeout) {
    AuroraCluster cluster = new AuroraCluster(folder);
    try {
      for (int instance = 0; instance < INSTANCES; instance++) {
        cluster.startInstance(instance, startTimeout);
      }
      cluster.promote(0);
      return cluster;
    } catch (ServerException e) {
      cluster.close();
      throw e;
    }
  }

  /// Schema of both servers.
  public String schema() {
    return DatabaseServer.SCHEMA;
  }

  public String user() {
    return DatabaseServer.USER;
  }

  public String password() {
    return DatabaseServer.PASSWORD;
  }

  /// Port on the loopback of an endpoint or of an instance.
  ///
  /// @throws IllegalArgumentException if the name is not in the cluster
  public int port(String host) {
    if (host.equals(ENDPOINT)) {
      return relays.get(endpoint).port();
    }
    if (host.equals(READER_ENDPOINT)) {
      return relays.get(INSTANCES - 1 - endpoint).port();
    }
    return IntStream.range(0, INSTANCES)
        .filter(instance -> host.equals(name(instance) + INSTANCE_DOMAIN))
        .mapToObj(instance -> relays.get(instance).port())
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(host + " is not in the cluster"));
  }

  /// Connections of clients to an instance.
  public TcpRelay relay(int instance) {
    return relays.get(instance);
  }

  /// A connection to an instance that no fault affects.
  public Connection connect(int instance) throws SQLException {
    return schemas.get(instance).connect();
  }

  /// Port of the server itself, as `@@port` returns it.
  public int serverPort(int instance) {
    return servers.get(instance).port();
  }

  /// Makes the instance the writer and all others read-only. Connections remain open.
  public void promote(int instance) {
    for (int other = 0; other < INSTANCES; other++) {
      if (other != instance) {
        schemas.get(other).setReadOnly(true);
      }
    }
    schemas.get(instance).setReadOnly(false);
    writer = instance;
    endpoint = instance;
  }

  /// Like [#promote], before the DNS entries of the endpoints change: until the next promotion they
  /// lead to the earlier writer and reader.
  public void promoteWithStaleEndpoints(int instance) {
    int earlier = endpoint;
    promote(instance);
    endpoint = earlier;
  }

  /// Stops the servers and deletes their data.
  @Override
  public void close() {
    relays.forEach(TcpRelay::close);
    queries.forEach(AuroraQueries::close);
    servers.forEach(DatabaseServer::stop);
    try {
      for (int instance = 0; instance < INSTANCES; instance++) {
        Binaries.delete(folder.resolve(name(instance)));
      }
    } catch (IOException e) {
      throw new ServerException("cannot delete data: " + Binaries.reason(e), e);
    }
  }

  private void startInstance(int instance, Duration startTimeout) {
    Path data = folder.resolve(name(instance));
    try {
      Binaries.delete(data);
      Files.createDirectories(data);
    } catch (IOException e) {
      throw new ServerException("cannot prepare " + data + ": " + Binaries.reason(e), e);
    }
    DatabaseServer server =
        new DatabaseServer(
            new MariaDbPrograms(), data, Ports.free(), Optional.empty(), startTimeout);
    servers.add(server);
    server.start();
    schemas.add(TestSchemas.on(server));
    AuroraQueries query = new AuroraQueries(server.port(), name(instance), this::topology);
    queries.add(query);
    query.start();
    TcpRelay relay = new TcpRelay(new InetSocketAddress("127.0.0.1", query.port()));
    relays.add(relay);
    relay.start();
  }

  private static String name(int instance) {
    return "ticketing-" + instance;
  }

  /// Rows of `replica_host_status`.
  private String topology() {
    return IntStream.range(0, INSTANCES)
        .mapToObj(instance ->
            "SELECT '%s' AS SERVER_ID, '%s' AS SESSION_ID, 0 AS CPU,"
                    .formatted(name(instance), instance == writer ? "MASTER_SESSION_ID" : instance)
                + " 0 AS REPLICA_LAG_IN_MILLISECONDS, now() AS LAST_UPDATE_TIMESTAMP")
        .collect(Collectors.joining(" UNION ALL ", "(", ") AS replica_host_status"));
  }
}
