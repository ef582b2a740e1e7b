package ticketing.local.servers;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/// With the profile `localstack`, shared servers use LocalStack as their queue.
@EnabledIf("ticketing.local.servers.LocalStack#isEnabled")
class LocalStackTest {

  @Test
  void sharedQueueIsLocalStack() throws Exception {
    LocalServers servers = LocalServers.shared();
    servers.newQueues("on-localstack");
    assertThat(servers.queue().backlog("on-localstack")).isZero();
    assertThat(get(servers.queueEndpoint() + "/_localstack/health"))
        .contains("\"sqs\": \"running\"", "\"secretsmanager\": ", "\"version\": \"4.13.1\"");
    assertThat(get(LocalStack.endpoint() + "/_localstack/health")).contains("\"sqs\": \"running\"");
  }

  @Test
  void separateQueueProcessIsLocalStack() throws Exception {
    int port = Ports.free();
    ServerSettings settings =
        ServerSettings.in(Path.of("target", "separate-localstack"))
            .withPorts(0, 0, port)
            .withSeparateQueue();
    try (LocalServers servers = LocalServers.start(settings)) {
      assertThat(servers.queueEndpoint()).endsWith(":" + port);
      assertThat(get(servers.queueEndpoint() + "/_localstack/health"))
          .contains("\"sqs\": \"running\"");
      assertThat(ProcessHandle.of(servers.queue().pid()).orElseThrow().isAlive()).isTrue();
      servers.queue().kill();
      assertThat(Ports.isFree(port)).isTrue();
      servers.queue().start();
      assertThat(servers.queue().backlog(LocalServers.QUEUE)).isZero();
    }
  }

  private static String get(String address) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(address)).timeout(Duration.ofSeconds(30)).build();
      return client.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }
  }
}
