package ticketing.migration;

import org.flywaydb.core.Flyway;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.flyway.autoconfigure.FlywayMigrationStrategy;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/// Migration or validation of the schema at the start of an application.
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(MigrationSettings.class)
public class MigrationConfiguration {

  @Bean
  FlywayMigrationStrategy migrationStrategy(MigrationSettings settings) {
    return switch (settings.mode()) {
      case MIGRATE, TASK -> Flyway::migrate;
      // Migrations of a newer release are valid, so that a rollback starts.
      case VALIDATE -> Flyway::validate;
    };
  }
}
