package ticketing.worker.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
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
import ticketing.local.servers.TlsCertificate;

/// Connection pool of the profile `aws`, with a database with TLS and a simulated Secrets Manager,
/// or that of [LocalStack] with `-Plocalstack`. The topology of an Aurora cluster is not tested.
class AwsDatabaseTest {

  private static LocalServers servers;
  private static DatabaseSecret secret;

  @Configuration(proxyBeanMethods = false)
  @ImportAutoConfiguration(DataSourceAutoConfiguration.class)
  static class PoolOnly {}

  @BeforeAll
  static void start() throws IOException {
    // Separate servers, because this test changes the password.
    servers =
        LocalServers.start(
            ServerSettings.in(Path.of("target", "aws-database"))
                .withSeparateQueue()
                .withDatabaseTls());
    secret = DatabaseSecret.create();
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
                + "?sslMode=VERIFY_IDENTITY&trustCertificateKeyStoreType=PKCS12"
                + "&trustCertificateKeyStoreUrl="
                + servers.databaseCertificate().trustStore().toUri()
                + "&trustCertificateKeyStorePassword="
                + TlsCertificate.PASSWORD,
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
        setPassword("rotated");
        secret.setPassword("rotated");
        pool.getHikariPoolMXBean().softEvictConnections();
      }

      try (Connection after = pool.getConnection()) {
        assertThat(after.isValid(5)).isTrue();
      }
    }
  }

  /// As the owner of the database, with syntax of MySQL and of MariaDB.
  private static void setPassword(String password) throws SQLException {
    try (Connection owner =
        DriverManager.getConnection(
            servers.databaseUrl() + "?sslMode=REQUIRED&useInformationSchema=false",
            servers.databaseOwner(),
            servers.databasePassword())) {
      owner
          .createStatement()
          .execute("ALTER USER ticketing@'127.0.0.1' IDENTIFIED BY '" + password + "'");
    }
  }

  private static String cipher(Connection connection) throws SQLException {
    try (ResultSet status =
        connection.createStatement().executeQuery("SHOW STATUS LIKE 'Ssl_cipher'")) {
      status.next();
      return status.getString(2);
    }
  }
}
