package ticketing.worker;

import io.opentelemetry.api.OpenTelemetry;
import java.time.Clock;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.scheduling.annotation.EnableScheduling;
import ticketing.domain.BoardSettings;
import ticketing.domain.Heartbeats;
import ticketing.domain.Redis;
import ticketing.domain.RedisSettings;
import ticketing.domain.TicketBoard;
import ticketing.domain.Traces;

/// Starts a booking worker.
@SpringBootApplication
@EnableScheduling
@EnableConfigurationProperties({WorkerSettings.class, RedisSettings.class, BoardSettings.class})
public class WorkerApplication {

  public static void main(String[] arguments) {
    SpringApplication.run(WorkerApplication.class, arguments);
  }

  @Bean
  Clock clock() {
    return Clock.systemUTC();
  }

  @Bean
  Redis redis(RedisSettings settings) {
    return Redis.connect(settings);
  }

  @Bean
  Traces traces(OpenTelemetry telemetry) {
    return new Traces(telemetry);
  }

  @Bean
  TicketBoard ticketBoard(Redis redis, BoardSettings settings) {
    return new TicketBoard(redis, settings);
  }

  @Bean
  Heartbeats.Pulse heartbeat(Redis redis) {
    return new Heartbeats(redis).pulse(Heartbeats.Kind.WORKER, Map::of);
  }
}
