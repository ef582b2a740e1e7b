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
import ticketing.local.servers.LocalServers;
import ticketing.local.servers.ServerSettings;
import tools.jackson.databind.json.JsonMapper;

/// Connection pool of the profile `aws`, with a MariaDB and a simulated Secrets Manager. The
/// topology and the failover of an Aurora cluster are not tested.
class AwsDatabaseTest {

  private static final String SECRET =
      "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:rds!cluster-1-AbCdEf";

  private static LocalServers servers;
  private static HttpServer secrets;
  private static volatile String password = "ticketing";
  private static volatile String secretRequest;

  @Configuration(proxyBeanMethods = false)
  @ImportAutoConfiguration(DataSourceAutoConfiguration.class)
  static class PoolOnly {}

  @BeforeAll
  static void start() throws IOException {
    // Separate servers, because this test changes the password with MariaDB's syntax.
    servers =
        LocalServers.start(
            ServerSettings.in(Path.of("target", "aws-database")).withSeparateQueue());
    secrets = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    secrets.createContext(
        "/",
        exchange -> {
          secretRequest =
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          String pair = "{\"username\":\"ticketing\",\"password\":\"%s\"}".formatted(password);
          byte[] answer =
              new JsonMapper().writeValueAsBytes(Map.of("ARN", SECRET, "SecretString", pair));
          exchange.getResponseHeaders().add("Content-Type", "application/x-amz-json-1.1");
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    secrets.start();
    System.setProperty("aws.accessKeyId", "test");
    System.setProperty("aws.secretAccessKey", "test");
  }

  @AfterAll
  static void stop() {
    System.clearProperty("aws.accessKeyId");
    System.clearProperty("aws.secretAccessKey");
    secrets.stop(0);
    servers.close();
  }

  private static ConfigurableApplicationContext application() {
    return new SpringApplicationBuilder(PoolOnly.class)
        .web(WebApplicationType.NONE)
        .profiles("aws")
        .properties(
            "TICKETING_DATABASE_URL="
                + servers.databaseUrl().replace("jdbc:", "jdbc:aws-wrapper:")
                + "?sslMode=DISABLED",
            "TICKETING_DATABASE_SECRET_ARN=" + SECRET)
        .run(
            "--spring.datasource.hikari.data-source-properties.wrapperDialect=mysql",
            "--spring.datasource.hikari.data-source-properties.secretsManagerEndpoint=http://127.0.0.1:"
                + secrets.getAddress().getPort());
  }

  @Test
  void poolFollowsThePasswordRotation() throws SQLException {
    try (ConfigurableApplicationContext application = application()) {
      HikariDataSource pool = application.getBean(HikariDataSource.class);
      assertThat(pool.getPassword()).isNullOrEmpty();

      try (Connection before = pool.getConnection()) {
        assertThat(before.isValid(5)).isTrue();
        assertThat(secretRequest).contains(SECRET);
        // Order of a rotation: the database first, then the secret.
        before.createStatement().execute("SET PASSWORD = PASSWORD('rotated')");
        password = "rotated";
        pool.getHikariPoolMXBean().softEvictConnections();
      }

      try (Connection after = pool.getConnection()) {
        assertThat(after.isValid(5)).isTrue();
      }
    }
  }
}
