package ticketing.local.servers;

import java.net.URI;
import java.util.Optional;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.lifecycle.Startables;
import org.testcontainers.localstack.LocalStackContainer;
import org.testcontainers.mysql.MySQLContainer;
import org.testcontainers.utility.DockerImageName;

/// The servers in containers, one set for each JVM, from the images of `localstack/compose.yaml`.
/// The containers end with the JVM.
public final class Containers {

  private static final String USER = "root"; // may create schemas
  private static final String PASSWORD = "ticketing";
  private static final int REDIS_PORT = 6379;

  private static ExternalServers running;

  private Containers() {}

  /// True if a Docker engine responds.
  public static boolean available() {
    return DockerClientFactory.instance().isDockerAvailable();
  }

  /// @throws ServerException if a container does not start
  static synchronized ExternalServers start() {
    if (running == null) {
      running = startAll();
    }
    return running;
  }

  // Testcontainers stops the containers at the end of the JVM.
  @SuppressWarnings("resource")
  private static ExternalServers startAll() {
    MySQLContainer mysql =
        new MySQLContainer(DockerImageName.parse("mysql:8.4"))
            .withDatabaseName(DatabaseServer.SCHEMA)
            .withUsername(USER)
            .withPassword(PASSWORD);
    GenericContainer<?> redis =
        new GenericContainer<>(DockerImageName.parse("valkey/valkey:8.1"))
            .withExposedPorts(REDIS_PORT);
    LocalStackContainer queue =
        new LocalStackContainer(DockerImageName.parse("localstack/localstack:4.14.0"))
            .withServices("sqs");
    Startables.deepStart(mysql, redis, queue).join();
    return new ExternalServers(
        Optional.of(
            new ExternalServers.Database(
                URI.create(
                    "mysql://%s:%d/%s"
                        .formatted(
                            mysql.getHost(),
                            mysql.getMappedPort(MySQLContainer.MYSQL_PORT),
                            DatabaseServer.SCHEMA)),
                USER,
                PASSWORD)),
        Optional.of(
            URI.create("redis://" + redis.getHost() + ":" + redis.getMappedPort(REDIS_PORT))),
        Optional.of(queue.getEndpoint()));
  }
}
