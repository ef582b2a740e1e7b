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

/// Gives every read-only transaction a connection to a read replica, where there are any
/// (`ticketing.database.reader-url`). All else, also a read outside of a transaction, stays with
/// the writer: a replica lags behind it by some milliseconds, so only what may be a moment old is
/// read in a read-only transaction.
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

  /// The same pool once more, at the readers' address, and sooner tired of waiting: there is still
  /// the writer.
  private DataSource routing(HikariDataSource writer) {
    HikariConfig config = new HikariConfig();
    writer.copyStateTo(config);
    config.setJdbcUrl(url);
    config.setPoolName("readers");
    config.setReadOnly(true);
    // The process starts, and books, also while no replica answers.
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
