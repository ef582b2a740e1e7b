package ticketing.ingress;

import java.time.Clock;
import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.Environment;
import org.springframework.core.env.Profiles;
import ticketing.migration.MigrationConfiguration;
import ticketing.migration.MigrationSettings;
import ticketing.migration.MigrationTask;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisSettings;
import ticketing.security.AccessTokenIssuer;
import ticketing.security.AccessTokenSettings;
import ticketing.security.AccessTokenVerifier;
import ticketing.security.RevocationSettings;
import ticketing.security.RevokedTokens;
import ticketing.security.SigningSettings;
import ticketing.status.EventCache;
import ticketing.status.SeatCache;
import ticketing.status.SendRegister;
import ticketing.status.SendRegisterSettings;
import ticketing.status.StatusStore;
import ticketing.status.StatusStoreSettings;
import ticketing.userfeed.UserChanges;
import ticketing.warmup.WarmUp;
import ticketing.warmup.WarmUpSettings;
import ticketing.warmup.WarmUpTask;

/// The process that people and programs talk to over HTTP.
@SpringBootApplication
@ConfigurationPropertiesScan
@Import(MigrationConfiguration.class)
@EnableConfigurationProperties({
  MigrationSettings.class,
  RedisSettings.class,
  StatusStoreSettings.class,
  SendRegisterSettings.class,
  AccessTokenSettings.class,
  SigningSettings.class,
  RevocationSettings.class,
  WarmUpSettings.class
})
public class IngressApplication {

  public static void main(String[] args) {
    if (MigrationTask.isRequested(System.getenv())) {
      MigrationTask.run(args);
    } else {
      SpringApplication.run(IngressApplication.class, args);
    }
  }

  @Bean
  Clock processClock() {
    return Clock.systemUTC();
  }

  @Bean
  RedisGateway redis(RedisSettings settings) {
    return RedisGateway.connect(settings);
  }

  @Bean
  SendRegister.Sender sender(RedisGateway redis, SendRegisterSettings settings) {
    return new SendRegister(redis, settings).startSender();
  }

  @Bean
  StatusStore ticketBoard(
      RedisGateway redis, StatusStoreSettings settings, SendRegister.Sender sender) {
    return new StatusStore(redis, settings, sender);
  }

  @Bean
  EventCache eventBoard(RedisGateway redis, StatusStoreSettings settings) {
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
    return new AccessTokenVerifier(settings, isLocal(environment), clock);
  }

  @Bean
  AccessTokenIssuer accessTokenIssuer(
      AccessTokenSettings settings, SigningSettings signing, Environment environment, Clock clock) {
    return new AccessTokenIssuer(settings, signing, isLocal(environment), clock);
  }

  @Bean
  WarmUp warmUp(WarmUpSettings settings, List<WarmUpTask> tasks) {
    return new WarmUp(settings, tasks);
  }

  private static boolean isLocal(Environment environment) {
    return environment.acceptsProfiles(Profiles.of("local"));
  }
}
