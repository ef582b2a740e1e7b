package ticketing.ingress.poster;

import java.net.URI;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.providers.AwsRegionProvider;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;

@Configuration(proxyBeanMethods = false)
class PosterConfiguration {

  private static final int ATTEMPTS = 2;

  @Bean
  PosterStore posterStore(
      PosterSettings settings, AwsCredentialsProvider credentials, AwsRegionProvider region) {
    return switch (settings.store()) {
      case FOLDER -> new FolderPosterStore(settings.folder());
      case S3 -> new S3PosterStore(client(settings, credentials, region), settings.bucket());
    };
  }

  static S3Client client(
      PosterSettings settings, AwsCredentialsProvider credentials, AwsRegionProvider region) {
    S3ClientBuilder builder =
        S3Client.builder()
            .region(region.getRegion())
            .credentialsProvider(credentials)
            // An image is sent in one piece.
            .serviceConfiguration(s3 -> s3.chunkedEncodingEnabled(false))
            .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
            .httpClientBuilder(
                Apache5HttpClient.builder()
                    .maxConnections(settings.maxConnections())
                    .connectionAcquisitionTimeout(settings.timeout())
                    .connectionTimeout(settings.timeout())
                    .socketTimeout(settings.timeout()))
            .overrideConfiguration(client ->
                client
                    .apiCallTimeout(settings.timeout())
                    .retryStrategy(retry -> retry.maxAttempts(ATTEMPTS)));
    URI endpoint = settings.s3Endpoint();
    // Another server has no host name for each bucket.
    return endpoint.toString().isEmpty()
        ? builder.build()
        : builder.endpointOverride(endpoint).forcePathStyle(true).build();
  }
}
