package ticketing.worker;

import io.opentelemetry.api.OpenTelemetry;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import ticketing.database.ClockSettings;
import ticketing.database.DatabaseClock;
import ticketing.migration.MigrationConfiguration;
import ticketing.migration.MigrationSettings;
import ticketing.redis.Heartbeats;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisSettings;
import ticketing.status.SendRegister;
import ticketing.status.SendRegisterSettings;
import ticketing.status.StatusStore;
import ticketing.status.StatusStoreSettings;
import ticketing.tracing.Traces;
import ticketing.userfeed.UserChanges;
import ticketing.warmup.WarmUp;
import ticketing.warmup.WarmUpSettings;
import ticketing.warmup.WarmUpTask;

/// Entry point of a booking worker, and the beans of the shared module.
@SpringBootApplication
@EnableScheduling
@ConfigurationPropertiesScan
@Import(MigrationConfiguration.class)
@EnableConfigurationProperties({
  MigrationSettings.class,
  RedisSettings.class,
  StatusStoreSettings.class,
  SendRegisterSettings.class,
  ClockSettings.class,
  WarmUpSettings.class
})
public class WorkerApplication {

  static final int MAX_JOBS = 32;

  public static void main(String[] arguments) {
    SpringApplication.run(WorkerApplication.class, arguments);
  }

  @Bean
  Clock processClock() {
    return Clock.systemUTC();
  }

  /// A thread for each scheduled job, so that a blocked job delays no other job.
  @Bean
  ThreadPoolTaskScheduler taskScheduler() {
    ThreadPoolTaskScheduler scheduler = new ThreadPoolTaskScheduler();
    scheduler.setPoolSize(MAX_JOBS);
    scheduler.setVirtualThreads(true);
    scheduler.setThreadNamePrefix("job-");
    return scheduler;
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

  @Bean
  RedisGateway redis(RedisSettings settings) {
    return RedisGateway.connect(settings);
  }

  @Bean
  WarmUp warmUp(WarmUpSettings settings, List<WarmUpTask> tasks) {
    return new WarmUp(settings, tasks);
  }

  @Bean
  Traces traces(OpenTelemetry telemetry) {
    return new Traces(telemetry);
  }

  @Bean
  StatusStore statusStore(RedisGateway redis, StatusStoreSettings settings) {
    return new StatusStore(redis, settings);
  }

  @Bean
  UserChanges userChanges(RedisGateway redis) {
    return new UserChanges(redis);
  }

  @Bean
  SendRegister sendRegister(RedisGateway redis, SendRegisterSettings settings) {
    return new SendRegister(redis, settings);
  }

  @Bean
  Heartbeats.Heartbeat heartbeat(RedisGateway redis) {
    return new Heartbeats(redis).start(Heartbeats.Kind.WORKER, Map::of);
  }
}
