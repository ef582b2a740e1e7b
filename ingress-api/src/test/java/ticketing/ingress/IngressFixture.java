package ticketing.ingress;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.flywaydb.core.Flyway;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.JdbcTemplate;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.Message;
import ticketing.domain.Action;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.domain.Json;
import ticketing.domain.Money;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketIds;
import ticketing.domain.TicketStatus;
import ticketing.ingress.event.EventCatalog;
import ticketing.ingress.openapi.OpenApiContract;
import ticketing.local.servers.LocalServers;
import ticketing.local.servers.TcpRelay;
import ticketing.redis.RedisGateway;
import ticketing.security.AccessTokenIssuer;
import ticketing.security.Role;
import ticketing.status.EventCache;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import tools.jackson.databind.JsonNode;

/// Running ingress API with its own schema and queues on the shared servers, and a client for it.
public final class IngressFixture implements AutoCloseable {

  static {
    // Tomcat logs each unreadable request, not only the first one.
    System.setProperty("org.apache.juli.logging.UserDataHelper.CONFIG", "INFO_ALL");
  }

  private static final AtomicInteger NUMBER = new AtomicInteger();
  private static IngressFixture shared;
  private static IngressFixture strict;

  /// Relay between [#strict] and its replica.
  public static TcpRelay replica;

  public final LocalServers servers = LocalServers.shared();
  public final String queue;
  public final String databaseUrl;
  public final ConfigurableApplicationContext context;
  final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  public final int port;

  /// @param json body; a missing node without one
  public record Answer(int status, Function<String, String> headers, JsonNode json, String body) {
    public String header(String name) {
      return headers.apply(name);
    }

    /// Body without the path of the request.
    public String bodyWithoutInstance() {
      return body.replaceAll("\"instance\":\"[^\"]*\",", "");
    }

    public String code() {
      return json.path("code").asString("");
    }
  }

  static {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(30));
  }

  private IngressFixture(String queue, String databaseUrl, Map<String, String> settings) {
    this(queue, databaseUrl, settings, _ -> {});
  }

  private IngressFixture(
      String queue,
      String databaseUrl,
      Map<String, String> settings,
      ApplicationContextInitializer<ConfigurableApplicationContext> initializer) {
    this.queue = queue;
    this.databaseUrl = databaseUrl;
    this.context =
        new SpringApplicationBuilder(IngressApplication.class)
            .registerShutdownHook(false) // the servers end at the same time
            .initializers(initializer)
            .run(arguments(settings).toArray(String[]::new));
    this.port = ((WebServerApplicationContext) context).getWebServer().getPort();
  }

  /// Arguments of another instance behind the same load balancer.
  public List<String> arguments(Map<String, String> settings) {
    Map<String, String> all = new TreeMap<>();
    all.put("spring.profiles.active", "local");
    all.put("server.port", "0");
    all.put("management.server.port", "0");
    all.put("server.address", "127.0.0.1");
    all.put("spring.datasource.url", databaseUrl);
    all.put("spring.datasource.username", servers.databaseUser());
    all.put("spring.datasource.password", servers.databasePassword());
    all.put("spring.datasource.hikari.connection-timeout", "1500");
    // Hibernate starts in another thread, and a repository starts with its first use.
    all.put("spring.data.jpa.repositories.bootstrap-mode", "lazy");
    Optional.ofNullable(servers.environment().get("SPRING_JPA_DATABASE_PLATFORM"))
        .ifPresent(dialect -> all.put("spring.jpa.database-platform", dialect));
    all.put("ticketing.redis.addresses", servers.redisAddress());
    // Long timeouts, for a machine that runs other builds.
    all.put("ticketing.redis.timeout", "5s");
    all.put("ticketing.queue.timeout", "20s");
    all.put("ticketing.passwords.hash-timeout", "30s");
    // A test runs the rounds.
    all.put("ticketing.decision-mails.enabled", "false");
    // Most tests book more often than a person does.
    all.put("ticketing.rates.booking.per-second", "10000");
    all.put("ticketing.rates.booking.burst", "10000");
    all.put("ticketing.rates.max-undecided-bookings", "10000");
    all.put("ticketing.queue.name", queue);
    all.put("spring.cloud.aws.sqs.endpoint", servers.queueEndpoint());
    all.putAll(settings);
    return all.entrySet().stream()
        .map(setting -> "--" + setting.getKey() + "=" + setting.getValue())
        .toList();
  }

  public static IngressFixture start(Map<String, String> settings) {
    LocalServers servers = LocalServers.shared();
    String queue = "ingress-" + NUMBER.incrementAndGet();
    CompletableFuture<Void> queues =
        CompletableFuture.runAsync(() -> servers.newQueues(queue), Thread::startVirtualThread);
    IngressFixture fixture = new IngressFixture(queue, servers.newDatabase(), settings);
    queues.join();
    return fixture;
  }

  /// Another instance behind the same load balancer.
  public IngressFixture sibling(Map<String, String> settings) {
    return new IngressFixture(queue, databaseUrl, settings);
  }

  /// Another instance, on a machine whose clock differs by a duration.
  public IngressFixture siblingWithSkew(Duration skew) {
    BeanPostProcessor shift =
        new BeanPostProcessor() {
          @Override
          public Object postProcessAfterInitialization(Object bean, String name) {
            return name.equals("processClock") ? Clock.offset((Clock) bean, skew) : bean;
          }
        };
    return new IngressFixture(
        queue,
        databaseUrl,
        Map.of(),
        context -> context.getBeanFactory().addBeanPostProcessor(shift));
  }

  /// Instance for all tests without side effects on others.
  public static synchronized IngressFixture shared() {
    if (shared == null) {
      shared =
          start(
              Map.of(
                  "ticketing.tickets.overdue-after", "100ms",
                  "ticketing.sales.export-chunk", "2",
                  "ticketing.sales.max-exported-rows", "5"));
    }
    return shared;
  }

  /// Sibling of the shared instance: small limits, a trusted proxy, a local cache that only
  /// published events replace, and a replica that receives no changes.
  public static synchronized IngressFixture strict() {
    if (strict == null) {
      URI stale = URI.create(LocalServers.shared().newDatabase().substring("jdbc:".length()));
      replica = new TcpRelay(new InetSocketAddress(stale.getHost(), stale.getPort()));
      replica.start();
      String url = "jdbc:" + stale.toString().replace(":" + stale.getPort(), ":" + replica.port());
      Map<String, String> settings =
          Map.ofEntries(
              Map.entry("ticketing.database.reader-url", url),
              Map.entry("ticketing.database.reader-pause", "1s"),
              // Many concurrent requests share the pool.
              Map.entry("spring.datasource.hikari.connection-timeout", "20000"),
              Map.entry("ticketing.queue.max-backlog-without-database", "3"),
              Map.entry("ticketing.tickets.max-long-polls", "1"),
              Map.entry("ticketing.events.change-timeout", "200ms"),
              Map.entry("ticketing.events.local-cache-ttl", "5m"),
              Map.entry("ticketing.rates.proxies", "1"),
              Map.entry("ticketing.rates.user.per-second", "1"),
              Map.entry("ticketing.rates.user.burst", "60"),
              Map.entry("ticketing.rates.address.per-second", "1"),
              Map.entry("ticketing.rates.address.burst", "40"),
              Map.entry("ticketing.rates.sign-in-address.tokens", "30"),
              Map.entry("ticketing.rates.sign-in-address.period", "1m"),
              Map.entry("ticketing.rates.sign-up-address.tokens", "10"));
      strict = shared().sibling(settings);
      Flyway.configure()
          .dataSource(url, strict.servers.databaseUser(), strict.servers.databasePassword())
          .locations("classpath:db/migration")
          .load()
          .migrate();
    }
    return strict;
  }

  public int managementPort() {
    return Integer.parseInt(context.getEnvironment().getProperty("local.management.port"));
  }

  public String token(String userId) {
    return context.getBean(AccessTokenIssuer.class).issue(userId, Role.BUYER);
  }

  public String admin() {
    return context.getBean(AccessTokenIssuer.class).issue("admin", Role.ADMIN);
  }

  public static String newUser() {
    return "user-" + UUID.randomUUID();
  }

  public Answer get(String path, String token, String... headers) {
    return send("GET", path, token, null, headers);
  }

  public Answer post(String path, String token, String body, String... headers) {
    return send("POST", path, token, body, headers);
  }

  public Answer delete(String path, String token, String... headers) {
    return send("DELETE", path, token, null, headers);
  }

  public Answer send(String method, String path, String token, String body, String... headers) {
    return sendTo(port, method, path, token, body, headers);
  }

  public Answer sendTo(
      int to, String method, String path, String token, String body, String... headers) {
    HttpRequest request =
        request(
            to,
            method,
            path,
            token,
            "application/json",
            body == null ? null : HttpRequest.BodyPublishers.ofString(body),
            headers);
    try {
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      String type = response.headers().firstValue("Content-Type").orElse("");
      JsonNode json =
          type.contains("json")
              ? Json.INTERNAL.readTree(response.body())
              : Json.INTERNAL.missingNode();
      UnaryOperator<String> answered = name -> response.headers().firstValue(name).orElse(null);
      if (to != managementPort()) {
        OpenApiContract.check(method, path, body, response.statusCode(), answered, response.body());
      }
      return new Answer(response.statusCode(), answered, json, response.body());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// @param type type of the body
  /// @param body null: none
  private static HttpRequest request(
      int to,
      String method,
      String path,
      String token,
      String type,
      HttpRequest.BodyPublisher body,
      String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + to + path))
            .timeout(Duration.ofSeconds(40))
            .method(method, body == null ? HttpRequest.BodyPublishers.noBody() : body);
    if (body != null) {
      request.setHeader("Content-Type", type);
    }
    if (token != null) {
      request.setHeader("Authorization", "Bearer " + token);
    }
    for (int i = 0; i < headers.length; i += 2) {
      request.setHeader(headers[i], headers[i + 1]);
    }
    return request.build();
  }

  /// Returns the number of SELECT statements on the database server, of all processes and tests.
  public long countSelects() {
    return sql()
        .query("SHOW GLOBAL STATUS LIKE 'Com_select'", (row, _) -> row.getLong("Value"))
        .getFirst();
  }

  /// Sends a request whose body or response is an image.
  ///
  /// @param image null: no body
  public HttpResponse<byte[]> sendImage(
      String method, String path, String token, String type, byte[] image, String... headers) {
    HttpRequest request =
        request(
            port,
            method,
            path,
            token,
            type,
            image == null ? null : HttpRequest.BodyPublishers.ofByteArray(image),
            headers);
    try {
      HttpResponse<byte[]> response = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
      OpenApiContract.check(
          method,
          path,
          null,
          response.statusCode(),
          name -> response.headers().firstValue(name).orElse(null),
          new String(response.body(), StandardCharsets.UTF_8));
      return response;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  public static String event(String more) {
    return """
    {"eventName":"Concert","eventDate":"2030-12-24T10:00:00Z","venueName":"Hall",
     "venueAddress":"Seoul","saleOpensAt":null,"saleClosesAt":null,"maxSeatsPerUser":4,
     "holdMinutes":null,
     "seatTypes":[{"seatType":"VIP","price":"150000.00","totalSeats":100},
                  {"seatType":"R","price":"5.5","totalSeats":900}]%s}\
    """
        .formatted(more);
  }

  /// Returns the id of a new event.
  public long newEvent() {
    return post("/api/v1/events", admin(), event("")).json().get("eventId").longValue();
  }

  public static String booking(long eventId, int quantity) {
    return "{\"eventId\":%d,\"seatType\":\"VIP\",\"quantity\":%d}".formatted(eventId, quantity);
  }

  /// Returns the id of a new event with one seat type.
  public long newEvent(int seats, int available) {
    long id =
        post(
                "/api/v1/events",
                admin(),
                event("")
                    .replaceAll(
                        "(?s)\"seatTypes\":.*\\]",
                        "\"seatTypes\":[{\"seatType\":\"VIP\",\"price\":\"150000.00\","
                            + "\"totalSeats\":"
                            + seats
                            + "}]"))
            .json()
            .get("eventId")
            .longValue();
    setAvailableSeats(id, available);
    return id;
  }

  /// Changes the rows like a worker, without a published event.
  public void setAvailableSeats(long eventId, int available) {
    sql()
        .update("update seat_types set available_seats = ? where event_id = ?", available, eventId);
    sql()
        .update(
            "update events set available_seats = ?, version = version + 1 where id = ?",
            available,
            eventId);
    context
        .getBean(EventCache.class)
        .evict(
            eventId,
            sql().queryForObject("select version from events where id = ?", Long.class, eventId))
        .join();
    context.getBean(EventCatalog.class).evictLocalCache();
  }

  /// Books, and receives the command from the queue.
  public Command booked(String user, long eventId, int quantity) {
    Answer answer = book(user, eventId, quantity);
    if (answer.status() != 202) {
      throw new IllegalStateException("not accepted: " + answer.body());
    }
    String id = answer.json().get("ticketId").asString();
    return drain().stream()
        .filter(command -> command.ticketId().toString().equals(id))
        .findFirst()
        .orElseThrow();
  }

  public Answer book(String user, long eventId, int quantity, String... headers) {
    return post("/api/v1/reservations", token(user), booking(eventId, quantity), headers);
  }

  public JdbcTemplate sql() {
    return new JdbcTemplate(context.getBean(javax.sql.DataSource.class));
  }

  public TicketIds ticketIds() {
    return context.getBean(TicketIds.class);
  }

  public StatusStore statusStore() {
    return context.getBean(StatusStore.class);
  }

  /// Evicts an event from the local cache and from Redis.
  public void evictEvent(long eventId) {
    context
        .getBean(RedisGateway.class)
        .call(client -> client.getBucket("event:" + eventId).delete());
    context.getBean(EventCatalog.class).evictLocalCache();
  }

  /// Evicts a ticket from the status store, as `allkeys-lru` may.
  public void evictStatus(UUID ticketId) {
    context
        .getBean(RedisGateway.class)
        .call(client ->
            client
                .getBucket("ticket:" + ticketId, org.redisson.client.codec.StringCodec.INSTANCE)
                .delete());
  }

  public String redisGet(String key) {
    return context
        .getBean(RedisGateway.class)
        .call(client ->
            client.<String>getBucket(key, org.redisson.client.codec.StringCodec.INSTANCE).get());
  }

  public void redisSet(String key, String value) {
    context
        .getBean(RedisGateway.class)
        .call(client -> {
          client.getBucket(key, org.redisson.client.codec.StringCodec.INSTANCE).set(value);
          return null;
        });
  }

  /// Receives and deletes all commands on the queue.
  public List<Command> drain() {
    SqsAsyncClient sqs = context.getBean(SqsAsyncClient.class);
    String url = sqs.getQueueUrl(request -> request.queueName(queue)).join().queueUrl();
    List<Command> commands = new ArrayList<>();
    while (true) {
      List<Message> messages =
          sqs.receiveMessage(request -> request.queueUrl(url).maxNumberOfMessages(10))
              .join()
              .messages();
      if (messages.isEmpty()) {
        return commands;
      }
      for (Message message : messages) {
        for (CommandCodec.Decoded decoded : CommandCodec.decode(message.body())) {
          commands.add(((CommandCodec.Decoded.Readable) decoded).command());
        }
        sqs.deleteMessage(r -> r.queueUrl(url).receiptHandle(message.receiptHandle())).join();
      }
    }
  }

  /// Records and publishes a decision like a worker.
  public Ticket decide(Command command, TicketStatus status, Reason reason, Long reservationId) {
    Instant now = Clock.systemUTC().instant().truncatedTo(java.time.temporal.ChronoUnit.MICROS);
    Ticket pending = Ticket.pending(command);
    Ticket decided =
        Ticket.ofLedger(
            pending.ticketId(),
            pending.action(),
            status,
            pending.eventId(),
            pending.seatType(),
            pending.quantity(),
            pending.acceptedAt(),
            now,
            reservationId,
            null,
            reason,
            status == TicketStatus.CONFIRMED && pending.action() == Action.BOOK
                ? Money.of("150000.00").multiply(pending.quantity())
                : null);
    sql()
        .update(
            """
            insert into tickets (id, action, user_id, event_id, seat_type, quantity, decision,
              reason, reservation_id, total_price, fingerprint, accepted_at, decided_at)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)\
            """,
            decided.ticketId().toString(),
            decided.action().name(),
            command.userId(),
            decided.eventId(),
            decided.seatType(),
            decided.quantity(),
            decided.status().name(),
            reason == null ? null : reason.name(),
            reservationId,
            decided.totalPrice() == null ? null : decided.totalPrice().amount(),
            command.fingerprint(),
            java.sql.Timestamp.from(decided.acceptedAt()),
            java.sql.Timestamp.from(now));
    try {
      statusStore()
          .publish(
              List.of(StatusEntry.decided(command.userId(), command.fingerprint(), decided)),
              1,
              null,
              Optional.ofNullable(reservationId).stream().toList());
    } catch (ticketing.redis.RedisUnavailableException e) {
      // The ledger contains the decision.
    }
    return decided;
  }

  /// Inserts a reservation like a worker.
  public long reserve(String user, long eventId, String status, Instant expiresAt) {
    String ticket = UUID.randomUUID().toString();
    sql()
        .update(
            """
            insert into reservations (ticket_id, event_id, user_id, quantity, seat_type,
              total_price, status, reserved_at, expires_at)
            values (?, ?, ?, 2, 'VIP', 300000.00, ?, ?, ?)\
            """,
            ticket,
            eventId,
            user,
            status,
            java.sql.Timestamp.from(Instant.now()),
            expiresAt == null ? null : java.sql.Timestamp.from(expiresAt));
    return sql()
        .queryForObject("select id from reservations where ticket_id = ?", Long.class, ticket);
  }

  @Override
  public void close() {
    context.close();
    http.close();
  }
}
