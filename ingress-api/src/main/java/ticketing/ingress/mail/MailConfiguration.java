package ticketing.ingress.mail;

import java.net.URI;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.providers.AwsRegionProvider;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.services.sesv2.SesV2Client;
import software.amazon.awssdk.services.sesv2.SesV2ClientBuilder;

@Configuration(proxyBeanMethods = false)
class MailConfiguration {

  @Bean
  MailTransport mailTransport(
      MailSettings settings, AwsCredentialsProvider credentials, AwsRegionProvider region) {
    return switch (settings.transport()) {
      case LOG -> new LogMailTransport(settings.logText());
      case SMTP -> new SmtpMailTransport(settings);
      case SES -> new SesMailTransport(ses(settings, credentials, region), settings.sender());
    };
  }

  private static SesV2Client ses(
      MailSettings settings, AwsCredentialsProvider credentials, AwsRegionProvider region) {
    SesV2ClientBuilder builder =
        SesV2Client.builder()
            .region(region.getRegion())
            .credentialsProvider(credentials)
            .httpClientBuilder(
                Apache5HttpClient.builder()
                    .connectionTimeout(settings.timeout())
                    .socketTimeout(settings.timeout()))
            .overrideConfiguration(client ->
                client
                    .apiCallTimeout(settings.timeout().multipliedBy(2))
                    .retryStrategy(DefaultRetryStrategy.doNotRetry()));
    URI endpoint = settings.sesEndpoint();
    return endpoint.toString().isEmpty()
        ? builder.build()
        : builder.endpointOverride(endpoint).build();
  }
}
