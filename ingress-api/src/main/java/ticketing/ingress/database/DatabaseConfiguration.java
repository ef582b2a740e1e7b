package ticketing.ingress.database;

import java.time.Clock;
import javax.sql.DataSource;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;
import ticketing.database.ClockSettings;
import ticketing.database.DatabaseClock;
import ticketing.database.DatabaseHealth;

/// Availability and clock of the primary database.
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(ClockSettings.class)
class DatabaseConfiguration {

  @Bean
  DatabaseHealth databaseHealth(DataSource database) {
    return new DatabaseHealth(database);
  }

  @Bean
  @Primary
  DatabaseClock clock(DataSource database, Clock processClock, ClockSettings settings) {
    return new DatabaseClock(database, processClock, settings);
  }

  @Bean
  HealthIndicator clockSkew(DatabaseClock clock) {
    return () -> Health.up().withDetail("seconds", clock.skewSeconds()).build();
  }
}
