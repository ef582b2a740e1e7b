package ticketing.worker.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import ticketing.local.servers.LocalServers;
import ticketing.local.servers.LocalStack;
import ticketing.local.servers.ServerSettings;
import tools.jackson.databind.json.JsonMapper;

/// Connection pool of the profile `aws`, with a MariaDB with TLS and a simulated Secrets Manager,
/// or that of [LocalStack] with `-Plocalstack`. The topology of an Aurora cluster is not tested.
class AwsDatabaseTest {

  private static LocalServers servers;
  private static Secret secret;

  @Configuration(proxyBeanMethods = false)
  @ImportAutoConfiguration(DataSourceAutoConfiguration.class)
  static class PoolOnly {}

  @BeforeAll
  static void start() throws IOException {
    // Separate servers, because this test changes the password with MariaDB's syntax.
    servers =
        LocalServers.start(
            ServerSettings.in(Path.of("target", "aws-database"))
                .withSeparateQueue()
                .withDatabaseTls());
    secret = LocalStack.isEnabled() ? new LocalStackSecret() : new SimulatedSecret();
    secret.setPassword("ticketing");
    System.setProperty("aws.accessKeyId", "test");
    System.setProperty("aws.secretAccessKey", "test");
  }

  @AfterAll
  static void stop() {
    System.clearProperty("aws.accessKeyId");
    System.clearProperty("aws.secretAccessKey");
    secret.close();
    servers.close();
  }

  private static ConfigurableApplicationContext application() {
    return new SpringApplicationBuilder(PoolOnly.class)
        .web(WebApplicationType.NONE)
        .profiles("aws")
        .properties(
            "TICKETING_DATABASE_URL="
                + servers.databaseUrl().replace("jdbc:", "jdbc:aws-wrapper:")
                + "?sslMode=REQUIRED",
            "TICKETING_DATABASE_SECRET_ARN=" + secret.arn())
        .run(
            "--spring.datasource.hikari.data-source-properties.wrapperDialect=mysql",
            "--spring.datasource.hikari.data-source-properties.secretsManagerEndpoint="
                + secret.endpoint());
  }

  @Test
  void poolFollowsThePasswordRotation() throws SQLException {
    try (ConfigurableApplicationContext application = application()) {
      HikariDataSource pool = application.getBean(HikariDataSource.class);
      assertThat(pool.getPassword()).isNullOrEmpty();

      try (Connection before = pool.getConnection()) {
        assertThat(before.isValid(5)).isTrue();
        assertThat(cipher(before)).startsWith("TLS");
        // Order of a rotation: the database first, then the secret.
        before.createStatement().execute("SET PASSWORD = PASSWORD('rotated')");
        secret.setPassword("rotated");
        pool.getHikariPoolMXBean().softEvictConnections();
      }

      try (Connection after = pool.getConnection()) {
        assertThat(after.isValid(5)).isTrue();
      }
    }
  }

  private static String cipher(Connection connection) throws SQLException {
    try (ResultSet status =
        connection.createStatement().executeQuery("SHOW STATUS LIKE 'Ssl_cipher'")) {
      status.next();
      return status.getString(2);
    }
  }

  /// Secret of the database user.
  private interface Secret {
    String arn();

    String endpoint();

    void setPassword(String password);

    void close();

    static String pair(String password) {
      return "{\"username\":\"ticketing\",\"password\":\"%s\"}".formatted(password);
    }
  }

  private static final class SimulatedSecret implements Secret {

    private final HttpServer server;
    private volatile String password;

    SimulatedSecret() throws IOException {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext(
          "/",
          exchange -> {
            String request =
                new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            byte[] answer =
                new JsonMapper()
                    .writeValueAsBytes(Map.of("ARN", arn(), "SecretString", Secret.pair(password)));
            exchange.getResponseHeaders().add("Content-Type", "application/x-amz-json-1.1");
            exchange.sendResponseHeaders(request.contains(arn()) ? 200 : 400, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
          });
      server.start();
    }

    @Override
    public String arn() {
      return "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:rds!cluster-1-AbCdEf";
    }

    @Override
    public String endpoint() {
      return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    @Override
    public void setPassword(String newPassword) {
      password = newPassword;
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }

  private static final class LocalStackSecret implements Secret {

    private final SecretsManagerClient client =
        SecretsManagerClient.builder()
            .endpointOverride(LocalStack.endpoint())
            .region(Region.AP_NORTHEAST_2)
            .credentialsProvider(
                StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")))
            .build();
    private final String arn =
        client
            .createSecret(call -> call.name("ticketing/sql").secretString(Secret.pair("none")))
            .arn();

    @Override
    public String arn() {
      return arn;
    }

    @Override
    public String endpoint() {
      return LocalStack.endpoint().toString();
    }

    @Override
    public void setPassword(String password) {
      client.putSecretValue(call -> call.secretId(arn).secretString(Secret.pair(password)));
    }

    @Override
    public void close() {
      client.deleteSecret(call -> call.secretId(arn).forceDeleteWithoutRecovery(true));
      client.close();
    }
  }
}
