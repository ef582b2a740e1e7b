package ticketing.notifier;

import io.opentelemetry.api.OpenTelemetry;
import java.time.Clock;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.core.env.Profiles;
import ticketing.notifier.connection.ConnectionRegistry;
import ticketing.redis.Heartbeats;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisSettings;
import ticketing.security.AccessTokenSettings;
import ticketing.security.AccessTokenVerifier;
import ticketing.security.RevocationSettings;
import ticketing.security.RevokedTokens;
import ticketing.status.EventCache;
import ticketing.status.SeatCache;
import ticketing.status.StatusStore;
import ticketing.status.StatusStoreSettings;
import ticketing.tracing.Traces;
import ticketing.userfeed.UserChanges;

/// WebSocket server of the booking system.
@SpringBootApplication
@ConfigurationPropertiesScan
@EnableConfigurationProperties({
  RedisSettings.class,
  StatusStoreSettings.class,
  AccessTokenSettings.class,
  RevocationSettings.class
})
class NotifierApplication {

  static {
    // Tomcat allocates three such buffers for each connection. A ticket's frame fits into one; a
    // longer frame is split.
    System.setProperty("org.apache.tomcat.websocket.DEFAULT_BUFFER_SIZE", "448");
  }

  public static void main(String[] args) {
    SpringApplication.run(NotifierApplication.class, args);
  }

  @Bean
  Clock clock() {
    return Clock.systemUTC();
  }

  @Bean
  RedisGateway redis(RedisSettings settings) {
    return RedisGateway.connect(settings);
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
  EventCache eventCache(RedisGateway redis, StatusStoreSettings settings) {
    return new EventCache(redis, settings);
  }

  @Bean
  SeatCache seatCache(RedisGateway redis) {
    return new SeatCache(redis);
  }

  @Bean
  UserChanges userChanges(RedisGateway redis) {
    return new UserChanges(redis);
  }

  @Bean
  RevokedTokens revokedTokens(RedisGateway redis, RevocationSettings settings, Clock clock) {
    return new RevokedTokens(redis, settings, clock);
  }

  @Bean
  AccessTokenVerifier accessTokenVerifier(
      AccessTokenSettings settings, Environment environment, Clock clock) {
    return new AccessTokenVerifier(
        settings, environment.acceptsProfiles(Profiles.of("local")), clock);
  }

  @Bean
  Heartbeats.Heartbeat heartbeat(RedisGateway redis, ConnectionRegistry connections) {
    return new Heartbeats(redis)
        .start(Heartbeats.Kind.NOTIFIER, () -> Map.of("sockets", (double) connections.count()));
  }
}
