package ticketing.notifier;

import io.opentelemetry.api.OpenTelemetry;
import java.time.Clock;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.core.env.Profiles;
import ticketing.domain.AccessSettings;
import ticketing.domain.AccessTokens;
import ticketing.domain.BoardSettings;
import ticketing.domain.EventBoard;
import ticketing.domain.Heartbeats;
import ticketing.domain.Logouts;
import ticketing.domain.Redis;
import ticketing.domain.RedisSettings;
import ticketing.domain.TicketBoard;
import ticketing.domain.Traces;

@SpringBootApplication
@EnableConfigurationProperties({
  NotifierSettings.class,
  RedisSettings.class,
  BoardSettings.class,
  AccessSettings.class
})
class NotifierApplication {

  static {
    // Each socket has three of these in Tomcat. A ticket's frame fits; a longer one goes in pieces.
    System.setProperty("org.apache.tomcat.websocket.DEFAULT_BUFFER_SIZE", "512");
  }

  public static void main(String[] args) {
    SpringApplication.run(NotifierApplication.class, args);
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
  EventBoard eventBoard(Redis redis, BoardSettings settings) {
    return new EventBoard(redis, settings);
  }

  @Bean
  Logouts logouts(Redis redis) {
    return new Logouts(redis);
  }

  @Bean
  AccessTokens accessTokens(AccessSettings settings, Environment environment, Clock clock) {
    return new AccessTokens(settings, environment.acceptsProfiles(Profiles.of("local")), clock);
  }

  @Bean
  Heartbeats.Pulse heartbeat(Redis redis, Peers peers) {
    return new Heartbeats(redis)
        .pulse(Heartbeats.Kind.NOTIFIER, () -> Map.of("sockets", (double) peers.count()));
  }
}
