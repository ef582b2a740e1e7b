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
import ticketing.domain.AccessSettings;
import ticketing.domain.AccessTokens;
import ticketing.domain.BoardSettings;
import ticketing.domain.EventBoard;
import ticketing.domain.Logouts;
import ticketing.domain.Redis;
import ticketing.domain.RedisSettings;
import ticketing.domain.TicketBoard;

/// The process that people and programs talk to over HTTP.
@SpringBootApplication
@EnableConfigurationProperties({
  IngressSettings.class,
  RedisSettings.class,
  BoardSettings.class,
  AccessSettings.class
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
  Redis redis(RedisSettings settings) {
    return Redis.connect(settings);
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
                                    .retryOnException(QueueFailures::mayBeRepeated)
                                    .build())));
  }
}
