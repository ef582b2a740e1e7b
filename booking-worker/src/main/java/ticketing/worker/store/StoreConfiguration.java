package ticketing.worker.store;

import javax.sql.DataSource;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import ticketing.database.DatabaseHealth;

/// Availability of the database of the worker.
@Configuration(proxyBeanMethods = false)
class StoreConfiguration {

  @Bean
  DatabaseHealth databaseHealth(DataSource database, StoreSettings settings) {
    return new DatabaseHealth(database, settings.maxFailingEvents());
  }
}
