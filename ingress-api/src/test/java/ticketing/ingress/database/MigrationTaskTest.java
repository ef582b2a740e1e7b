package ticketing.ingress.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.flywaydb.core.api.exception.FlywayValidateException;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.flyway.autoconfigure.FlywayAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.context.annotation.Import;
import ticketing.local.servers.LocalServers;
import ticketing.migration.MigrationConfiguration;
import ticketing.migration.MigrationTask;

/// The migration task and the account of the applications, on an own schema.
class MigrationTaskTest {

  private static final String USER = "ticketing_app";
  private static final String PASSWORD = "first-password-of-the-account";

  private final LocalServers servers = LocalServers.shared();
  private final String url = servers.newDatabase();

  @ImportAutoConfiguration({DataSourceAutoConfiguration.class, FlywayAutoConfiguration.class})
  @Import(MigrationConfiguration.class)
  static class SchemaOnly {}

  @Test
  void accountChangesRowsAndNotTheSchema() throws SQLException {
    runTask(PASSWORD);
    try (Connection connection = connect(PASSWORD)) {
      assertThat(
              connection
                  .createStatement()
                  .executeUpdate(
                      "INSERT INTO revoked_tokens (id, kept_until) VALUES ('digest', 1)"))
          .isEqualTo(1);
      assertThat(connection.createStatement().executeUpdate("DELETE FROM revoked_tokens"))
          .isEqualTo(1);
      for (String statement :
          List.of(
              "CREATE TABLE forbidden (id INT)",
              "ALTER TABLE events ADD COLUMN forbidden INT",
              "DROP TABLE revoked_tokens",
              "TRUNCATE TABLE revoked_tokens",
              "CREATE USER forbidden",
              "GRANT SELECT ON ticketing.* TO forbidden")) {
        assertThatThrownBy(() -> connection.createStatement().execute(statement))
            .as(statement)
            .isInstanceOf(SQLException.class)
            .hasMessageMatching("(?s).*(denied|need|not allowed).*");
      }
    }
  }

  @Test
  void secondRunSetsTheNewPassword() throws SQLException {
    runTask(PASSWORD);
    runTask("second-password-with-a-'quote\\\\");
    assertThatThrownBy(() -> connect(PASSWORD)).isInstanceOf(SQLException.class);
    connect("second-password-with-a-'quote\\").close();
  }

  @Test
  void applicationStartsOnlyOnAMigratedSchema() {
    assertThatThrownBy(() -> validate(servers.databaseOwner(), servers.databasePassword()))
        .hasRootCauseInstanceOf(FlywayValidateException.class);
    runTask(PASSWORD);
    validate(USER, PASSWORD);
  }

  @Test
  void unusableSecretEndsTheTaskWithoutItsValue() {
    for (String secret :
        List.of("no-json-s3cret", "{\"username\":\"a b\",\"password\":\"s3cret\"}")) {
      assertThatThrownBy(() -> task("--ticketing.migration.user-secret=" + secret))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageNotContaining("s3cret");
    }
  }

  @Test
  void environmentSelectsTheTask() {
    assertThat(MigrationTask.isRequested(Map.of("TICKETING_MIGRATION_MODE", "task"))).isTrue();
    assertThat(MigrationTask.isRequested(Map.of("TICKETING_MIGRATION_MODE", "VALIDATE"))).isFalse();
    assertThat(MigrationTask.isRequested(Map.of())).isFalse();
  }

  private void runTask(String password) {
    task(
        "--ticketing.migration.user-secret={\"username\":\"%s\",\"password\":\"%s\"}"
            .formatted(USER, password));
  }

  private void task(String secret) {
    MigrationTask.run(
        secret,
        "--spring.datasource.url=" + url,
        "--spring.datasource.username=" + servers.databaseOwner(),
        "--spring.datasource.password=" + servers.databasePassword());
  }

  private void validate(String user, String password) {
    new SpringApplicationBuilder(SchemaOnly.class)
        .web(WebApplicationType.NONE)
        .run(
            "--ticketing.migration.mode=VALIDATE",
            "--spring.datasource.url=" + url,
            "--spring.datasource.username=" + user,
            "--spring.datasource.password=" + password)
        .close();
  }

  private Connection connect(String password) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", USER);
    properties.setProperty("password", password);
    properties.setProperty("useInformationSchema", "false");
    return DriverManager.getConnection(url, properties);
  }
}
