package ticketing.worker.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.flyway.autoconfigure.FlywayAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import software.amazon.jdbc.util.CoreServicesContainer;
import ticketing.local.servers.AuroraCluster;
import ticketing.migration.MigrationConfiguration;

/// Failover of the connection pool of the profile `aws`: JDBC wrapper, its plugins and timeouts,
/// and the migrations, on an [AuroraCluster]. Ten threads write while the writer changes.
class DatabaseFailoverTest {

  private static final int POOL_SIZE = 10;
  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
  // Failure detection takes 6 s + 3 x 2 s, and the topology monitor finds the writer within 5 s.
  private static final Duration HANG_LIMIT = Duration.ofSeconds(25);
  private static final Duration LIMIT = Duration.ofSeconds(15);

  private AuroraCluster cluster;
  private DatabaseSecret secret;
  private ConfigurableApplicationContext application;
  private HikariDataSource pool;

  @Configuration(proxyBeanMethods = false)
  @ImportAutoConfiguration({DataSourceAutoConfiguration.class, FlywayAutoConfiguration.class})
  @Import(MigrationConfiguration.class)
  static class PoolAndMigrations {}

  @BeforeEach
  void start() throws IOException, SQLException {
    cluster = AuroraCluster.start(Path.of("target", "aurora"), START_TIMEOUT);
    AuroraSocketFactory.resolve(cluster);
    for (int instance = 0; instance < 2; instance++) {
      execute(instance, "CREATE DATABASE ticketing_failover");
      // No key, so that a repeated statement is visible.
      execute(instance, "CREATE TABLE ticketing_failover.attempts (id INT, step INT)");
    }
    secret = DatabaseSecret.create();
    secret.setPassword(cluster.password());
    System.setProperty("aws.accessKeyId", "test");
    System.setProperty("aws.secretAccessKey", "test");
    application = newApplication();
    pool = application.getBean(HikariDataSource.class);
  }

  @AfterEach
  void stop() {
    if (application != null) {
      application.close();
    }
    // Ends the threads that monitor this cluster.
    CoreServicesContainer.getInstance().getMonitorService().stopAndRemoveAll();
    System.clearProperty("aws.accessKeyId");
    System.clearProperty("aws.secretAccessKey");
    secret.close();
    cluster.close();
  }

  private ConfigurableApplicationContext newApplication() {
    return new SpringApplicationBuilder(PoolAndMigrations.class)
        .web(WebApplicationType.NONE)
        .profiles("aws")
        .properties(
            "TICKETING_DATABASE_URL=jdbc:aws-wrapper:mysql://%s:3306/%s?sslMode=DISABLED"
                .formatted(AuroraCluster.ENDPOINT, cluster.schema()),
            "TICKETING_DATABASE_SECRET_ARN=" + secret.arn(),
            "TICKETING_DATABASE_POOL=" + POOL_SIZE)
        .run(
            property("clusterId", UUID.randomUUID().toString()),
            property("socketFactory", AuroraSocketFactory.class.getName()),
            property("secretsManagerEndpoint", secret.endpoint()));
  }

  private static String property(String name, String value) {
    return "--spring.datasource.hikari.data-source-properties." + name + "=" + value;
  }

  @Test
  void writesResumeAfterTheWriterHangs() throws Exception {
    assertFailover(
        HANG_LIMIT,
        () -> {
          cluster.relay(0).silence();
          cluster.promote(1);
        });
  }

  @Test
  void writesResumeAfterTheWriterResetsConnections() throws Exception {
    assertFailover(
        LIMIT,
        () -> {
          cluster.relay(0).cut();
          cluster.promote(1);
        });
  }

  @Test
  void writesResumeAfterTheWriterTurnsReadOnly() throws Exception {
    assertFailover(LIMIT, () -> cluster.promote(1));
  }

  @Test
  void migrationsRunOnTheNewWriter() throws Exception {
    assertThat(migrations(0)).isPositive();
    assertThat(migrations(1)).isZero();
    application.close();

    cluster.relay(0).cut();
    cluster.promote(1);
    application = newApplication();

    assertThat(migrations(1)).isEqualTo(migrations(0));
  }

  @Test
  void newPoolFindsWriterBehindStaleEndpoint() throws Exception {
    application.close();

    cluster.promoteWithStaleEndpoints(1);
    application = newApplication();
    pool = application.getBean(HikariDataSource.class);

    assertThat(migrations(1)).isEqualTo(migrations(0));
    assertThat(serversOf(pool)).containsExactly(cluster.serverPort(1));
  }

  /// Protected by the plugin `initialConnection`: the plugin `failover2` verifies only connections
  /// to the cluster endpoint.
  @Test
  void newReadersFindReaderBehindStaleEndpoint() throws Exception {
    cluster.promoteWithStaleEndpoints(1);
    HikariConfig config = new HikariConfig();
    pool.copyStateTo(config);
    config.setJdbcUrl(
        pool.getJdbcUrl().replace(AuroraCluster.ENDPOINT, AuroraCluster.READER_ENDPOINT));
    config.setPoolName("readers");
    config.setReadOnly(true);
    try (HikariDataSource readers = new HikariDataSource(config)) {
      assertThat(serversOf(readers)).containsExactly(cluster.serverPort(0));
    }
  }

  /// @param limit bound between the fault and a success of each thread
  private void assertFailover(Duration limit, Runnable fault) throws Exception {
    try (Writers writers = new Writers()) {
      writers.awaitSuccess(LIMIT);
      assertThat(serversOf(pool)).containsExactly(cluster.serverPort(0));

      fault.run();
      writers.awaitSuccess(limit);
      writers.awaitSuccess(LIMIT);
      assertThat(serversOf(pool)).containsExactly(cluster.serverPort(1));

      // The old writer returns as a reader.
      cluster.relay(0).heal();
      writers.awaitSuccess(LIMIT);
      assertThat(serversOf(pool)).containsExactly(cluster.serverPort(1));

      writers.close();
      assertEachAttemptIsAppliedAtMostOnce(writers.successes);
    }
  }

  private void assertEachAttemptIsAppliedAtMostOnce(Set<Integer> successes) throws SQLException {
    Map<Integer, List<String>> rows = new HashMap<>();
    for (int instance = 0; instance < 2; instance++) {
      try (Connection connection = cluster.connect(instance);
          ResultSet row =
              connection
                  .createStatement()
                  .executeQuery("SELECT id, step FROM ticketing_failover.attempts ORDER BY step")) {
        while (row.next()) {
          rows.computeIfAbsent(row.getInt(1), id -> new ArrayList<>())
              .add("server " + instance + " step " + row.getInt(2));
        }
      }
    }
    assertThat(rows.values())
        .allSatisfy(applied ->
            assertThat(applied)
                .isIn(
                    List.of("server 0 step 1", "server 0 step 2"),
                    List.of("server 1 step 1", "server 1 step 2")));
    assertThat(rows.keySet()).containsAll(successes);
  }

  /// Ports of the servers of all connections of a pool.
  private static Set<Integer> serversOf(HikariDataSource pool) throws SQLException {
    Set<Integer> ports = new HashSet<>();
    List<Connection> borrowed = new ArrayList<>();
    try {
      // The writers stop for the moment in which this thread has all connections.
      for (int connection = 0; connection < POOL_SIZE; connection++) {
        borrowed.add(pool.getConnection());
      }
      for (Connection connection : borrowed) {
        try (ResultSet port = connection.createStatement().executeQuery("SELECT @@port")) {
          port.next();
          ports.add(port.getInt(1));
        }
      }
      return ports;
    } finally {
      for (Connection connection : borrowed) {
        connection.close();
      }
    }
  }

  private int migrations(int instance) throws SQLException {
    try (Connection connection = cluster.connect(instance);
        ResultSet count =
            connection
                .createStatement()
                .executeQuery(
                    "SELECT COUNT(*) FROM information_schema.tables"
                        + " WHERE table_schema = 'ticketing'")) {
      count.next();
      return count.getInt(1);
    }
  }

  private void execute(int instance, String statement) throws SQLException {
    if (instance == 1) {
      cluster.promote(1);
    }
    try (Connection connection = cluster.connect(instance)) {
      connection.createStatement().execute(statement);
    } finally {
      cluster.promote(0);
    }
  }

  /// Threads that write transactions of two statements, each with a new number.
  private final class Writers implements AutoCloseable {

    private final ExecutorService threads = Executors.newFixedThreadPool(POOL_SIZE);
    private final AtomicInteger attempts = new AtomicInteger();
    private final Set<Integer> successes = ConcurrentHashMap.newKeySet();
    private final Map<Integer, Integer> successesOfThread = new ConcurrentHashMap<>();
    private volatile boolean stopped;

    Writers() {
      for (int thread = 0; thread < POOL_SIZE; thread++) {
        int number = thread;
        threads.execute(() -> write(number));
      }
    }

    private void write(int thread) {
      while (!stopped) {
        int attempt = attempts.incrementAndGet();
        try (Connection connection = pool.getConnection()) {
          connection.setAutoCommit(false);
          insert(connection, attempt, 1);
          insert(connection, attempt, 2);
          connection.commit();
          successes.add(attempt);
          successesOfThread.merge(thread, 1, Integer::sum);
        } catch (SQLException e) {
          // Expected during the failover. The next attempt has another number.
          continue;
        }
      }
    }

    private static void insert(Connection connection, int attempt, int step) throws SQLException {
      try (var statement =
          connection.prepareStatement("INSERT INTO ticketing_failover.attempts VALUES (?, ?)")) {
        statement.setInt(1, attempt);
        statement.setInt(2, step);
        statement.executeUpdate();
      }
    }

    /// Waits until each thread has one more success.
    void awaitSuccess(Duration limit) {
      Map<Integer, Integer> before = Map.copyOf(successesOfThread);
      await()
          .atMost(limit)
          .untilAsserted(() -> {
            for (int thread = 0; thread < POOL_SIZE; thread++) {
              assertThat(successesOfThread.getOrDefault(thread, 0))
                  .as("successes of thread %s", thread)
                  .isGreaterThan(before.getOrDefault(thread, 0));
            }
          });
    }

    @Override
    public void close() {
      stopped = true;
      threads.shutdown();
      try {
        assertThat(threads.awaitTermination(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
