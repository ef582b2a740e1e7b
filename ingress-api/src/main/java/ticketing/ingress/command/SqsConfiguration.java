package ticketing.ingress.command;

import io.awspring.cloud.autoconfigure.sqs.SqsAsyncClientCustomizer;
import java.time.Duration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import software.amazon.awssdk.retries.DefaultRetryStrategy;

/// Time limits and retries of the SQS client.
@Configuration(proxyBeanMethods = false)
class SqsConfiguration {

  /// A call and its retry end before [QueueSettings#timeout()], so that the request still has time
  /// for its answer. The SDK retries only calls without effect: after any other failure the result
  /// of the last attempt would not describe the first one.
  @Bean
  SqsAsyncClientCustomizer boundedCalls(QueueSettings settings) {
    Duration total = settings.timeout().multipliedBy(4).dividedBy(5);
    return client ->
        client.overrideConfiguration(
            client
                .overrideConfiguration()
                .copy(c ->
                    c.apiCallTimeout(total)
                        .apiCallAttemptTimeout(total.dividedBy(2))
                        .retryStrategy(
                            DefaultRetryStrategy.standardStrategyBuilder()
                                .useClientDefaults(false)
                                .retryOnException(SqsErrors::mayBeRepeated)
                                .build())));
  }
}
