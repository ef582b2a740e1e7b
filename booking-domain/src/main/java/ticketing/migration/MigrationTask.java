package ticketing.migration;

import java.sql.SQLException;
import java.util.Map;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.flyway.autoconfigure.FlywayAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;

/// Migrates the schema and creates the account of the applications, without a web server.
/// Idempotent: a second run sets the password of the secret.
public final class MigrationTask {

  private static final Logger log = LoggerFactory.getLogger(MigrationTask.class);
  private static final String MODE = "TICKETING_MIGRATION_MODE";

  private MigrationTask() {}

  /// True if the environment selects the mode `TASK`.
  public static boolean isRequested(Map<String, String> environment) {
    return MigrationSettings.Mode.TASK.name().equalsIgnoreCase(environment.get(MODE));
  }

  /// Runs the task with the settings of the application and an account that owns the schema.
  ///
  /// @throws RuntimeException if the schema or the account could not be changed; the process then
  ///   ends with exit code 1
  public static void run(String... arguments) {
    try (ConfigurableApplicationContext context =
        new SpringApplicationBuilder(MigrationOnly.class)
            .web(WebApplicationType.NONE)
            .run(arguments)) {
      String secret = context.getBean(MigrationSettings.class).userSecret();
      if (!secret.isBlank()) {
        ApplicationAccount account = ApplicationAccount.of(secret);
        account.createOrChange(context.getBean(DataSource.class));
        log.info("account has access to the data, user={}", account.user());
      }
      log.info("migration completed");
    } catch (SQLException e) {
      throw new IllegalStateException("cannot create the account of the applications", e);
    }
  }

  // Not a @Configuration, so that the applications do not find it.
  @ImportAutoConfiguration({DataSourceAutoConfiguration.class, FlywayAutoConfiguration.class})
  @Import(MigrationConfiguration.class)
  static class MigrationOnly {}
}
