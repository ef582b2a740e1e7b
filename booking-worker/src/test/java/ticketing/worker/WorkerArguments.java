package ticketing.worker;

import java.util.ArrayList;
import java.util.List;
import ticketing.local.servers.LocalServers;

/// Arguments of a worker in a test or a benchmark that uses the embedded servers.
public final class WorkerArguments {

  private WorkerArguments() {}

  /// @param database JDBC URL
  /// @param more further arguments, for example `--ticketing.worker.pipeline.pollers=2`
  public static String[] of(LocalServers servers, String database, String queue, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--server.port=0",
                "--spring.datasource.url=" + database,
                "--spring.datasource.username=" + servers.databaseUser(),
                "--spring.datasource.password=" + servers.databasePassword(),
                "--ticketing.redis.addresses=" + servers.redisAddress(),
                "--spring.cloud.aws.sqs.endpoint=" + servers.queueEndpoint(),
                "--spring.cloud.aws.credentials.access-key=local",
                "--spring.cloud.aws.credentials.secret-key=local",
                "--ticketing.worker.queue.name=" + queue));
    arguments.addAll(List.of(more));
    return arguments.toArray(String[]::new);
  }
}
