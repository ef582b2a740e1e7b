package ticketing.worker.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetSocketAddress;
import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import ticketing.database.DatabaseErrors;
import ticketing.local.servers.LocalServers;
import ticketing.local.servers.TcpRelay;

/// Connection pool without the failure detection of the JDBC wrapper: only `socketTimeout` ends a
/// statement of a server that accepts requests and does not answer.
class DatabaseTimeoutTest {

  private static final Duration LIMIT = Duration.ofSeconds(45);

  @Configuration(proxyBeanMethods = false)
  @ImportAutoConfiguration(DataSourceAutoConfiguration.class)
  static class PoolOnly {}

  @Test
  void statementOfASilentServerEnds() throws SQLException {
    LocalServers servers = LocalServers.shared();
    URI url = URI.create(servers.databaseUrl().substring("jdbc:".length()));
    try (TcpRelay relay = new TcpRelay(new InetSocketAddress(url.getHost(), url.getPort()))) {
      relay.start();
      try (ConfigurableApplicationContext application =
              application(
                  servers, servers.databaseUrl().replace(":" + url.getPort(), ":" + relay.port()));
          Connection connection = application.getBean(DataSource.class).getConnection();
          ExecutorService thread = Executors.newSingleThreadExecutor()) {
        try {
          relay.silence();
          CompletableFuture<SQLException> failure =
              CompletableFuture.supplyAsync(() -> failureOf(connection), thread);
          await().atMost(LIMIT).until(failure::isDone);
          assertThat(DatabaseErrors.isUnavailable(failure.join())).isTrue();
        } finally {
          // Ends the statement in any case.
          relay.stop();
        }
      }
    }
  }

  private static SQLException failureOf(Connection connection) {
    try {
      connection.createStatement().execute("SELECT 1");
      throw new AssertionError("the relay passed a response");
    } catch (SQLException e) {
      return e;
    }
  }

  private static ConfigurableApplicationContext application(LocalServers servers, String url) {
    return new SpringApplicationBuilder(PoolOnly.class)
        .web(WebApplicationType.NONE)
        .properties(
            "TICKETING_DATABASE_URL=" + url,
            "TICKETING_DATABASE_USER=" + servers.databaseUser(),
            "TICKETING_DATABASE_PASSWORD=" + servers.databasePassword())
        .run();
  }
}
