package ticketing.local.servers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

/// Tests with separate servers run concurrently with the other tests.
class LocalServersTest {

  private static final Path TARGET = Path.of("target", "test-servers").toAbsolutePath();
  private static final LocalServers SERVERS = embedded(ServerSettings.in(TARGET.resolve("shared")));

  @AfterAll
  static void stop() {
    SERVERS.close();
  }

  @Test
  void databaseUsesUtcUtf8AndDurableCommits() throws SQLException {
    try (Connection connection = connect(SERVERS, SERVERS.databaseUrl())) {
      assertThat(
              single(
                  connection,
                  "SELECT CONCAT_WS(' ', DATABASE(), @@time_zone, @@character_set_server,"
                      + " @@innodb_flush_log_at_trx_commit, @@max_connections, @@bind_address)"))
          .isEqualTo("ticketing +00:00 utf8mb4 1 200 127.0.0.1");
      assertThat(single(connection, "SELECT '좌석 🎫'")).isEqualTo("좌석 🎫");
    }
  }

  @Test
  void newDatabasesAreEmptyAndSeparate() throws SQLException {
    String one = SERVERS.newDatabase();
    String other = SERVERS.newDatabase();
    try (Connection connection = connect(SERVERS, one)) {
      connection.createStatement().execute("CREATE TABLE a (id INT PRIMARY KEY)");
    }
    try (Connection connection = connect(SERVERS, other)) {
      assertThatThrownBy(() -> single(connection, "SELECT COUNT(*) FROM a"))
          .isInstanceOf(SQLException.class);
    }
  }

  @Test
  void redisResponds() throws Exception {
    assertThat(redis(SERVERS, "SET a 1")).isEqualTo("+OK");
    assertThat(redis(SERVERS, "GET a")).isEqualTo("$1");
  }

  @Test
  void messageIsDeadLetterAfterFiveReceives() {
    SERVERS.newQueues("failing");
    String url = SERVERS.queueEndpoint() + "/000000000000/failing";
    try (SqsClient sqs = sqs(SERVERS)) {
      sqs.sendMessage(call -> call.queueUrl(url).messageBody("body").messageGroupId("7"));
      for (int receive = 0; receive < 5; receive++) {
        assertThat(sqs.receiveMessage(call -> call.queueUrl(url).visibilityTimeout(0)).messages())
            .hasSize(1);
      }
      assertThat(sqs.receiveMessage(call -> call.queueUrl(url)).messages()).isEmpty();
      assertThat(
              sqs.receiveMessage(call -> call.queueUrl(url + "-dlq").waitTimeSeconds(5)).messages())
          .hasSize(1);
    }
  }

  @Test
  void queuesOfTheSystemExist() {
    try (SqsClient sqs = sqs(SERVERS)) {
      assertThat(sqs.getQueueUrl(call -> call.queueName("ticketing-bookings")).queueUrl())
          .isEqualTo(SERVERS.queueUrl());
      assertThat(
              sqs.getQueueAttributes(call ->
                      call.queueUrl(SERVERS.queueUrl()).attributeNames(QueueAttributeName.ALL))
                  .attributes())
          .containsEntry(QueueAttributeName.VISIBILITY_TIMEOUT, "100")
          .containsKey(QueueAttributeName.REDRIVE_POLICY);
      assertThat(sqs.getQueueUrl(call -> call.queueName("ticketing-bookings-dlq")).queueUrl())
          .isEqualTo(SERVERS.deadLetterUrl());
    }
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void eachServerRestartsAloneOnItsPort() throws Exception {
    try (LocalServers servers = embedded(ServerSettings.in(TARGET.resolve("restart")))) {
      try (Connection connection = connect(servers, servers.databaseUrl())) {
        connection.createStatement().execute("CREATE TABLE kept (id INT PRIMARY KEY)");
      }
      servers.database().kill();
      assertThatThrownBy(() -> connect(servers, servers.databaseUrl()))
          .isInstanceOf(SQLException.class);
      servers.database().start();
      try (Connection connection = connect(servers, servers.databaseUrl())) {
        assertThat(single(connection, "SELECT COUNT(*) FROM kept")).isEqualTo("0");
      }

      servers.redis().stop();
      assertThatThrownBy(() -> redis(servers, "PING")).isInstanceOf(java.io.IOException.class);
      servers.redis().start();
      assertThat(redis(servers, "PING")).isEqualTo("+PONG");

      try (SqsClient sqs = sqs(servers)) {
        sqs.sendMessage(call -> call.queueUrl(servers.queueUrl()).messageBody("kept"));
        servers.queue().stop();
        assertThatThrownBy(() -> sqs.receiveMessage(call -> call.queueUrl(servers.queueUrl())))
            .isInstanceOf(software.amazon.awssdk.core.exception.SdkClientException.class);
        servers.queue().start();
        assertThat(sqs.receiveMessage(call -> call.queueUrl(servers.queueUrl())).messages())
            .hasSize(1);
      }
    }
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void separateQueueKeepsMessagesWhenKilled() {
    try (LocalServers servers =
            embedded(ServerSettings.in(TARGET.resolve("separate")).withSeparateQueue());
        SqsClient sqs = sqs(servers)) {
      sqs.sendMessage(call -> call.queueUrl(servers.queueUrl()).messageBody("kept"));
      servers.queue().kill();
      servers.queue().start();
      assertThat(
              sqs.receiveMessage(call -> call.queueUrl(servers.queueUrl()).waitTimeSeconds(10))
                  .messages())
          .extracting(message -> message.body())
          .containsExactly("kept");
    }
    assertThat(TARGET.resolve("separate").resolve("queue.mv.db")).doesNotExist();
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void persistentDataSurvivesARestart() throws Exception {
    ServerSettings settings =
        ServerSettings.in(TARGET.resolve("persistent-" + System.nanoTime()))
            .withPersistence(true)
            .withVisibility(Duration.ofSeconds(3));
    try (LocalServers servers = embedded(settings);
        SqsClient sqs = sqs(servers)) {
      try (Connection connection = connect(servers, servers.databaseUrl())) {
        connection.createStatement().execute("CREATE TABLE kept (id INT PRIMARY KEY)");
      }
      redis(servers, "SET kept 1");
      sqs.sendMessage(
          call -> call.queueUrl(servers.queueUrl()).messageBody("kept").messageGroupId("1"));
      sqs.sendMessage(call -> call.queueUrl(servers.queueUrl()).messageBody("done"));
      var messages =
          sqs.receiveMessage(call -> call.queueUrl(servers.queueUrl()).maxNumberOfMessages(10))
              .messages();
      for (var message : messages) {
        if (message.body().equals("done")) {
          sqs.deleteMessage(
              call -> call.queueUrl(servers.queueUrl()).receiptHandle(message.receiptHandle()));
        }
      }
    }
    try (LocalServers servers = embedded(settings);
        SqsClient sqs = sqs(servers)) {
      try (Connection connection = connect(servers, servers.databaseUrl())) {
        assertThat(single(connection, "SELECT COUNT(*) FROM kept")).isEqualTo("0");
      }
      assertThat(redis(servers, "GET kept")).isEqualTo("$1");
      assertThat(
              sqs.receiveMessage(call -> call.queueUrl(servers.queueUrl()).waitTimeSeconds(10))
                  .messages())
          .extracting(message -> message.body())
          .containsExactly("kept");
    }
  }

  @Test
  void errorNamesTheUsedPortOrFolder() throws Exception {
    try (ServerSocket busy = new ServerSocket(0, 1, java.net.InetAddress.getByName("127.0.0.1"))) {
      ServerSettings settings =
          ServerSettings.in(TARGET.resolve("busy")).withPorts(0, busy.getLocalPort(), 0);
      assertThatThrownBy(() -> embedded(settings))
          .isInstanceOf(ServerException.class)
          .hasMessage(
              "port "
                  + busy.getLocalPort()
                  + " for "
                  + RedisServer.programName()
                  + " is already in use");
    }
    assertThatThrownBy(() -> embedded(ServerSettings.in(SERVERS.folder())))
        .isInstanceOf(ServerException.class)
        .hasMessageContaining("is in use by another run");
  }

  @Test
  void unwritableFolderIsNamedInOneSentence() throws Exception {
    Files.createDirectories(TARGET);
    Path file = TARGET.resolve("a-file");
    Files.writeString(file, "not a folder");
    assertThatThrownBy(() -> embedded(ServerSettings.in(file)))
        .isInstanceOf(ServerException.class)
        .hasMessageStartingWith("cannot write to the folder " + file);
  }

  @Test
  void externalServersAreCutOffAndLeftClean() throws Exception {
    URI database = URI.create(SERVERS.databaseUrl().substring("jdbc:".length()));
    ExternalServers external =
        new ExternalServers(
            Optional.of(
                new ExternalServers.Database(
                    database, SERVERS.databaseUser(), SERVERS.databasePassword())),
            Optional.of(URI.create(SERVERS.redisAddress())),
            Optional.of(URI.create(SERVERS.queueEndpoint())));
    try (LocalServers servers =
        LocalServers.start(ServerSettings.in(TARGET.resolve("external")), external)) {
      try (Connection connection = connect(servers, servers.newDatabase())) {
        connection.createStatement().execute("CREATE TABLE kept (id INT PRIMARY KEY)");
        servers.database().stop();
        assertThat(connection.isValid(2)).isFalse();
        assertThatThrownBy(() -> connect(servers, servers.databaseUrl()))
            .isInstanceOf(SQLException.class);
        servers.database().start();
        assertThat(
                single(
                    connect(servers, servers.databaseUrl()),
                    "SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'kept'"))
            .isEqualTo("1");
      }
      redis(servers, "SET a 1");
      servers.redis().kill();
      assertThatThrownBy(() -> redis(servers, "PING")).isInstanceOf(java.io.IOException.class);
      servers.redis().start();
      assertThat(redis(servers, "GET a")).isEqualTo("$-1");
      servers.newQueues("another");
      assertThat(servers.queue().backlog("another")).isZero();
    }
    try (Connection connection = connect(SERVERS, SERVERS.databaseUrl())) {
      assertThat(
              single(
                  connection,
                  "SELECT COUNT(*) FROM information_schema.schemata"
                      + " WHERE schema_name LIKE 'ticketing\\_%\\_%'"))
          .isEqualTo("0");
    }
  }

  private static LocalServers embedded(ServerSettings settings) {
    return LocalServers.start(settings, ExternalServers.NONE);
  }

  private static Connection connect(LocalServers servers, String url) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", servers.databaseUser());
    properties.setProperty("password", servers.databasePassword());
    properties.setProperty("useInformationSchema", "false");
    return DriverManager.getConnection(url, properties);
  }

  private static String single(Connection connection, String query) throws SQLException {
    try (var statement = connection.createStatement();
        var rows = statement.executeQuery(query)) {
      rows.next();
      return rows.getString(1);
    }
  }

  private static String redis(LocalServers servers, String command) throws java.io.IOException {
    URI address = URI.create(servers.redisAddress());
    try (Socket socket = new Socket(address.getHost(), address.getPort())) {
      socket.setSoTimeout(5_000);
      socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.UTF_8));
      return new java.io.BufferedReader(
              new java.io.InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
          .readLine();
    }
  }

  private static SqsClient sqs(LocalServers servers) {
    return SqsClient.builder()
        .endpointOverride(URI.create(servers.queueEndpoint()))
        .region(Region.AP_NORTHEAST_2)
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "local")))
        .build();
  }
}
