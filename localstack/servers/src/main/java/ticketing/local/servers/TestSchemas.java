package ticketing.local.servers;

import java.net.InetSocketAddress;
import java.net.URI;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Deque;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentLinkedDeque;

/// Schemas on a database server: `ticketing` of an embedded server, and those that tests create.
final class TestSchemas {

  private final LocalServer server;
  private final boolean external;
  private final String schema;
  private final String user;
  private final String password;
  private final Deque<String> created = new ConcurrentLinkedDeque<>();

  private TestSchemas(
      LocalServer server, boolean external, String schema, String user, String password) {
    this.server = server;
    this.external = external;
    this.schema = schema;
    this.user = user;
    this.password = password;
  }

  static TestSchemas on(DatabaseServer server) {
    return new TestSchemas(
        server, false, DatabaseServer.SCHEMA, DatabaseServer.USER, DatabaseServer.PASSWORD);
  }

  /// Schemas on an external MySQL. Their names contain the process id, because the server may be
  /// shared.
  static TestSchemas on(ExternalServers.Database external, Duration startTimeout) {
    URI address = external.address();
    RelayedServer relay =
        new RelayedServer(
            "MySQL",
            new InetSocketAddress(address.getHost(), address.getPort()),
            startTimeout,
            port -> isReady(port, address.getPath().substring(1), external),
            port -> {});
    String schema =
        DatabaseServer.SCHEMA + "_" + ProcessHandle.current().pid() + "_" + relay.port();
    return new TestSchemas(relay, true, schema, external.user(), external.password());
  }

  void start() {
    server.start();
    if (external) {
      create(schema);
    }
  }

  /// Drops the schemas created on an external server, and stops an embedded one.
  void stop() {
    if (external && server.isRunning()) {
      while (!created.isEmpty()) {
        execute("DROP DATABASE IF EXISTS " + created.pop());
      }
    }
    server.stop();
  }

  LocalServer server() {
    return server;
  }

  /// True for MariaDB, which needs another SQL dialect than MySQL.
  boolean isMariaDb() {
    return server instanceof DatabaseServer started && started.isMariaDb();
  }

  String user() {
    return user;
  }

  /// The account of an external server owns its schemas.
  String owner() {
    return external ? user : DatabaseServer.OWNER;
  }

  String password() {
    return password;
  }

  String url() {
    return url(server.port(), schema);
  }

  /// A connection for tools and tests. Applications have their own pool.
  Connection connect() throws SQLException {
    return connect(url(), user, password, properties());
  }

  /// @return the JDBC URL of a new empty schema
  String createSchema() {
    String name = schema + "_" + (created.size() + 1);
    create(name);
    return url(server.port(), name);
  }

  /// Sets `read_only` of the server. An external server needs an account with this privilege that
  /// obeys `read_only`.
  void setReadOnly(boolean readOnly) {
    String account = external ? user : DatabaseServer.FAULT_USER;
    execute("SET GLOBAL read_only = " + (readOnly ? "ON" : "OFF"), account);
  }

  private void create(String name) {
    execute("DROP DATABASE IF EXISTS " + name);
    execute("CREATE DATABASE " + name + " CHARACTER SET utf8mb4");
    created.push(name);
  }

  private void execute(String statement) {
    execute(statement, user);
  }

  private void execute(String statement, String account) {
    try (Connection connection = connect(url(server.port(), ""), account, password, properties());
        var sql = connection.createStatement()) {
      sql.execute(statement);
    } catch (SQLException e) {
      throw new ServerException("cannot " + statement + ": " + e.getMessage(), e);
    }
  }

  private Map<String, String> properties() {
    return server instanceof DatabaseServer started ? started.driverProperties() : Map.of();
  }

  private static boolean isReady(int port, String schema, ExternalServers.Database external) {
    try (Connection connection =
        connect(url(port, schema), external.user(), external.password(), Map.of())) {
      return connection.isValid(2);
    } catch (SQLException e) {
      return false;
    }
  }

  static String url(int port, String schema) {
    return "jdbc:mysql://127.0.0.1:" + port + "/" + schema;
  }

  static Connection connect(String url, String user, String password, Map<String, String> more)
      throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", user);
    properties.setProperty("password", password);
    properties.setProperty("connectionTimeZone", "UTC");
    properties.setProperty("connectTimeout", "2000"); // ms
    properties.setProperty("socketTimeout", "30000"); // ms
    properties.putAll(more);
    return DriverManager.getConnection(url, properties);
  }
}
