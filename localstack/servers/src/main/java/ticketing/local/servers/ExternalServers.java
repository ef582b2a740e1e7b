package ticketing.local.servers;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Running servers that replace embedded ones, for tests on MySQL or in containers. Each setting is
/// a system property or an environment variable:
///
/// - `ticketing.test.database.url`, `TICKETING_TEST_DATABASE_URL`: `jdbc:mysql://host:port/schema`.
///   The account needs the privileges to create and drop schemas `ticketing%`.
/// - `ticketing.test.database.user`, `ticketing.test.database.password`: both `ticketing` by
///   default
/// - `ticketing.test.redis.address`: `redis://host:port`. All its keys are deleted.
/// - `ticketing.test.queue.endpoint`: `http://host:port` of a server with the SQS protocol.
/// - `ticketing.test.localstack=true`: the queue is a [LocalStack], without Docker.
/// - `ticketing.test.servers`: comma-separated servers that are started instead of the embedded
///   ones: `mysql` and `valkey` of a [DebianServer], `localstack`.
/// - `ticketing.test.containers=true`: all servers run in [Containers].
public record ExternalServers(
    Optional<Database> database, Optional<URI> redis, Optional<URI> queue) {

  private static final Set<String> SELECTABLE = Set.of("mysql", "valkey", "localstack");

  static final ExternalServers NONE =
      new ExternalServers(Optional.empty(), Optional.empty(), Optional.empty());

  /// @param address `mysql://host:port/schema`
  record Database(URI address, String user, String password) {}

  /// @throws ServerException if an address has another form
  static ExternalServers configured() {
    if (inContainers()) {
      return Containers.start();
    }
    return new ExternalServers(
        setting("database.url")
            .map(url ->
                new Database(
                    address(url.replaceFirst("^jdbc:", ""), "mysql"),
                    setting("database.user").orElse("ticketing"),
                    setting("database.password").orElse("ticketing"))),
        setting("redis.address").map(address -> address(address, "redis")),
        setting("queue.endpoint")
            .map(address -> address(address, "http"))
            .or(ExternalServers::localStack));
  }

  /// Only [LocalStack], if it is enabled.
  static ExternalServers queueOnly() {
    return new ExternalServers(Optional.empty(), Optional.empty(), localStack());
  }

  private static Optional<URI> localStack() {
    return LocalStack.isEnabled() ? Optional.of(LocalStack.endpoint()) : Optional.empty();
  }

  public static boolean inContainers() {
    return setting("containers").map(Boolean::parseBoolean).orElse(false);
  }

  /// True if `ticketing.test.servers` contains this server.
  ///
  /// @throws ServerException if it contains an unknown one
  static boolean isSelected(String server) {
    List<String> selected =
        setting("servers")
            .map(names -> Stream.of(names.split(",")).map(String::strip).toList())
            .orElse(List.of());
    if (!SELECTABLE.containsAll(selected)) {
      throw new ServerException(
          "ticketing.test.servers must contain only mysql, valkey and localstack: "
              + String.join(",", selected));
    }
    return selected.contains(server);
  }

  private static URI address(String text, String scheme) {
    URI address = URI.create(text);
    boolean needsPath = scheme.equals("mysql");
    if (!scheme.equals(address.getScheme())
        || address.getHost() == null
        || address.getPort() < 0
        || needsPath && address.getPath().length() < 2) {
      throw new ServerException(
          "address must have the form %s://host:port%s: %s"
              .formatted(scheme, needsPath ? "/schema" : "", text));
    }
    return address;
  }

  static Optional<String> setting(String name) {
    String property = "ticketing.test." + name;
    String variable = property.replace('.', '_').toUpperCase(Locale.ROOT);
    // The launcher sets each property, to an empty value by default.
    return Stream.of(System.getProperty(property, ""), System.getenv().getOrDefault(variable, ""))
        .map(String::strip)
        .filter(value -> !value.isEmpty())
        .findFirst();
  }
}
