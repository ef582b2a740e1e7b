package ticketing.ingress.database;

import javax.sql.DataSource;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import ticketing.database.DatabaseHealth;

/// Availability of the primary database.
@Configuration(proxyBeanMethods = false)
class DatabaseConfiguration {

  @Bean
  DatabaseHealth databaseHealth(DataSource database) {
    return new DatabaseHealth(database);
  }
}
