package ticketing.worker.store;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.secretsmanager.SecretsManagerClient;
import ticketing.local.servers.LocalStack;
import tools.jackson.databind.json.JsonMapper;

/// Secret of the database user in a simulated Secrets Manager, or in that of [LocalStack] with
/// `-Plocalstack`.
interface DatabaseSecret {

  static DatabaseSecret create() throws IOException {
    return LocalStack.isEnabled() ? new LocalStackSecret() : new SimulatedSecret();
  }

  String arn();

  String endpoint();

  void setPassword(String password);

  void close();

  static String pair(String password) {
    return "{\"username\":\"ticketing\",\"password\":\"%s\"}".formatted(password);
  }

  final class SimulatedSecret implements DatabaseSecret {

    private final HttpServer server;
    private volatile String password;

    SimulatedSecret() throws IOException {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext(
          "/",
          exchange -> {
            String request =
                new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            byte[] answer =
                new JsonMapper()
                    .writeValueAsBytes(
                        Map.of("ARN", arn(), "SecretString", DatabaseSecret.pair(password)));
            exchange.getResponseHeaders().add("Content-Type", "application/x-amz-json-1.1");
            exchange.sendResponseHeaders(request.contains(arn()) ? 200 : 400, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
          });
      server.start();
    }

    @Override
    public String arn() {
      return "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:rds!cluster-1-AbCdEf";
    }

    @Override
    public String endpoint() {
      return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    @Override
    public void setPassword(String newPassword) {
      password = newPassword;
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }

  final class LocalStackSecret implements DatabaseSecret {

    private final SecretsManagerClient client =
        SecretsManagerClient.builder()
            .endpointOverride(LocalStack.endpoint())
            .region(Region.AP_NORTHEAST_2)
            .credentialsProvider(
                StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")))
            .build();
    private final String arn =
        client
            .createSecret(
                call -> call.name("ticketing/sql").secretString(DatabaseSecret.pair("none")))
            .arn();

    @Override
    public String arn() {
      return arn;
    }

    @Override
    public String endpoint() {
      return LocalStack.endpoint().toString();
    }

    @Override
    public void setPassword(String password) {
      client.putSecretValue(call -> call.secretId(arn).secretString(DatabaseSecret.pair(password)));
    }

    @Override
    public void close() {
      client.deleteSecret(call -> call.secretId(arn).forceDeleteWithoutRecovery(true));
      client.close();
    }
  }
}
