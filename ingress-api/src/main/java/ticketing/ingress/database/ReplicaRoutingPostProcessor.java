package ticketing.ingress.database;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.time.Duration;
import javax.sql.DataSource;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.core.env.Environment;
import org.springframework.jdbc.datasource.LazyConnectionDataSourceProxy;
import org.springframework.stereotype.Component;

/// Routes read-only transactions to a read replica, if `ticketing.database.reader-url` is set. All
/// other statements use the primary. A replica lags by some milliseconds, so only reads that
/// tolerate the lag use a read-only transaction.
@Component
@ConditionalOnProperty("ticketing.database.reader-url")
class ReplicaRoutingPostProcessor implements BeanPostProcessor, DisposableBean {

  private final String url;
  private final long timeoutMillis;
  private HikariDataSource readers;

  ReplicaRoutingPostProcessor(Environment environment) {
    this.url = environment.getRequiredProperty("ticketing.database.reader-url");
    this.timeoutMillis =
        environment
            .getRequiredProperty("ticketing.database.reader-timeout", Duration.class)
            .toMillis();
  }

  @Override
  public Object postProcessAfterInitialization(Object bean, String name) {
    return bean instanceof HikariDataSource writer && readers == null ? routing(writer) : bean;
  }

  /// Copies the pool of the primary with the address of the replica and shorter timeouts.
  private DataSource routing(HikariDataSource writer) {
    HikariConfig config = new HikariConfig();
    writer.copyStateTo(config);
    config.setJdbcUrl(url);
    config.setPoolName("readers");
    config.setReadOnly(true);
    // The process starts while the replica is unavailable.
    config.setInitializationFailTimeout(-1);
    config.setConnectionTimeout(timeoutMillis);
    config.setValidationTimeout(timeoutMillis);
    config.addDataSourceProperty("connectTimeout", timeoutMillis);
    config.addDataSourceProperty("socketTimeout", timeoutMillis);
    readers = new HikariDataSource(config);
    LazyConnectionDataSourceProxy routing = new LazyConnectionDataSourceProxy();
    routing.setTargetDataSource(writer);
    routing.setReadOnlyDataSource(readers);
    routing.setDefaultAutoCommit(true);
    routing.setDefaultTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    return routing;
  }

  @Override
  public void destroy() {
    if (readers != null) {
      readers.close();
    }
  }
}
