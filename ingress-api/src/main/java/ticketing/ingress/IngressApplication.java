package ticketing.ingress;

import io.awspring.cloud.autoconfigure.sqs.SqsAsyncClientCustomizer;
import java.time.Clock;
import java.time.Duration;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.core.env.Profiles;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import ticketing.ingress.command.SqsErrors;
import ticketing.ingress.settings.IngressSettings;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisSettings;
import ticketing.security.AccessTokenSettings;
import ticketing.security.AccessTokens;
import ticketing.security.RevokedTokens;
import ticketing.status.EventCache;
import ticketing.status.StatusStore;
import ticketing.status.StatusStoreSettings;

/// The process that people and programs talk to over HTTP.
@SpringBootApplication
@EnableConfigurationProperties({
  IngressSettings.class,
  RedisSettings.class,
  StatusStoreSettings.class,
  AccessTokenSettings.class
})
public class IngressApplication {

  public static void main(String[] args) {
    SpringApplication.run(IngressApplication.class, args);
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
  StatusStore ticketBoard(RedisGateway redis, StatusStoreSettings settings) {
    return new StatusStore(redis, settings);
  }

  @Bean
  EventCache eventBoard(RedisGateway redis, StatusStoreSettings settings) {
    return new EventCache(redis, settings);
  }

  @Bean
  RevokedTokens logouts(RedisGateway redis) {
    return new RevokedTokens(redis);
  }

  @Bean
  AccessTokens accessTokens(AccessTokenSettings settings, Environment environment, Clock clock) {
    boolean local = environment.acceptsProfiles(Profiles.of("local"));
    return new AccessTokens(settings, local, clock);
  }

  /// A call to the queue gives up before the request that waits for it does, also when it is made a
  /// second time. By itself it repeats only what had no effect: otherwise the failure of the last
  /// attempt would say nothing about the first.
  @Bean
  SqsAsyncClientCustomizer boundedCalls(IngressSettings settings) {
    Duration whole = settings.queue().timeout().multipliedBy(4).dividedBy(5);
    return client ->
        client.overrideConfiguration(
            client
                .overrideConfiguration()
                .copy(
                    c ->
                        c.apiCallTimeout(whole)
                            .apiCallAttemptTimeout(whole.dividedBy(2))
                            .retryStrategy(
                                DefaultRetryStrategy.standardStrategyBuilder()
                                    .useClientDefaults(false)
                                    .retryOnException(SqsErrors::mayBeRepeated)
                                    .build())));
  }
}
