package ticketing.simulation.process;

import java.lang.reflect.Field;
import java.lang.reflect.Proxy;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import ticketing.database.DatabaseHealth;
import ticketing.domain.Command;
import ticketing.domain.Ticket;
import ticketing.domain.TicketIds;
import ticketing.redis.RedisGateway;
import ticketing.simulation.kernel.SimulatedProcess;
import ticketing.status.SendRegister;
import ticketing.status.SendRegisterSettings;
import ticketing.status.StatusStore;
import ticketing.status.StatusStoreSettings;

/// Ingress process: acceptance and revocation of commands.
public final class IngressProcess {

  // Longer than in the production code, to spare steps.
  private static final long PROBE_INTERVAL_MILLIS = 5_000;

  private final SimulatedProcess process;
  private Object acceptor;

  private IngressProcess(SimulatedProcess process) {
    this.process = process;
  }

  /// Starts an ingress process.
  public static IngressProcess start(Servers servers, SimulatedProcess process) {
    IngressProcess ingress = new IngressProcess(process);
    process.start("main", () -> ingress.run(servers));
    return ingress;
  }

  public SimulatedProcess process() {
    return process;
  }

  /// Returns true if the process accepts requests.
  public boolean isReady() {
    return process.isAlive() && acceptor != null;
  }

  /// Accepts a command on the current thread of this process, as a request does.
  ///
  /// @throws RuntimeException if the request is refused
  public Ticket accept(Instant end, Function<Instant, Command> acceptedAt) {
    return (Ticket) Wiring.call(acceptor, "acceptUntil", end, acceptedAt);
  }

  /// Accepts a command of a repeated request while a sale is not open.
  ///
  /// @param unknown exception if there is no earlier request
  /// @throws RuntimeException if the request is refused
  public Ticket acceptRepeated(
      Function<Instant, Command> acceptedAt, Supplier<RuntimeException> unknown) {
    return (Ticket) Wiring.call(acceptor, "acceptRepeated", acceptedAt, unknown);
  }

  /// Returns true if the API admits a request while a sale is not open, because an earlier request
  /// with the same key is accepted.
  ///
  /// @param cancelled true: the event is cancelled, so the decision rejects each request
  /// @throws RuntimeException if the acceptance cannot be read
  public boolean isRepeated(UUID ticketId, boolean cancelled) {
    return (Boolean) Wiring.call(acceptor, cancelled ? "mayBeAccepted" : "isAccepted", ticketId);
  }

  private void run(Servers servers) {
    Wiring wiring = WorkerProcess.wiring(ProcessSettings.INGRESS, servers, process);
    RedisGateway redis = wiring.get(RedisGateway.class);
    JdbcClient sql = JdbcClient.create(wiring.get(JdbcTemplate.class));
    SendRegister.Sender sender =
        new SendRegister(redis, wiring.get(SendRegisterSettings.class)).startSender();
    wiring.add(
        new TicketIds(new byte[TicketIds.MIN_KEY_BYTES], wiring.get(Clock.class)),
        List.of(), // observers of decisions
        new DatabaseHealth(wiring.get(DataSource.class)),
        sender,
        new StatusStore(redis, wiring.get(StatusStoreSettings.class), sender),
        repository("ticketing.ingress.command.RevokedCommandRepository", sql),
        repository("ticketing.ingress.ticket.TicketRepository", sql));
    acceptor = wiring.get("ticketing.ingress.command.CommandAcceptor");
    DatabaseHealth database = wiring.get(DatabaseHealth.class);
    process.start("probe", () -> probe(database));
    servers.kernel.log().add(process.name(), "started");
  }

  private static void probe(DatabaseHealth database) {
    try {
      while (true) {
        ticketing.simulation.kernel.SimulatedRuntime.sleep(PROBE_INTERVAL_MILLIS);
        database.probe();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Repository with the same statements as Spring Data executes.
  private static Object repository(String className, JdbcClient sql) {
    Class<?> type = Wiring.type(className);
    return Proxy.newProxyInstance(
        type.getClassLoader(),
        new Class<?>[] {type},
        (self, method, arguments) ->
            switch (method.getName()) {
              case "lockEvent" -> lockEvent(sql, (Long) arguments[0]);
              case "saveAll" -> {
                for (Object row : (Iterable<?>) arguments[0]) {
                  insertRevoked(sql, row);
                }
                yield List.of();
              }
              case "markEvent" -> {
                sql.sql("UPDATE events SET revoked_at = ? WHERE id = ?")
                    .params(utc((Instant) arguments[1]), arguments[0])
                    .update();
                yield null;
              }
              case "find" -> findTickets(sql, (Collection<?>) arguments[0]);
              case "findRemoved" -> List.of();
              case "toString" -> className;
              default -> throw new UnsupportedOperationException(method.toString());
            });
  }

  private static Optional<Long> lockEvent(JdbcClient sql, long eventId) {
    return sql.sql(lockStatement()).param(eventId).query(Long.class).optional();
  }

  /// The statement of the production code.
  private static String lockStatement() {
    for (var method :
        Wiring.type("ticketing.ingress.command.RevokedCommandRepository").getDeclaredMethods()) {
      if (method.getName().equals("lockEvent")) {
        return method
            .getAnnotation(org.springframework.data.jpa.repository.Query.class)
            .value()
            .replace(":eventId", "?");
      }
    }
    throw new IllegalStateException("no statement that locks an event");
  }

  private static void insertRevoked(JdbcClient sql, Object row) {
    sql.sql(
            "INSERT INTO revoked_commands (attempt_id, ticket_id, event_id, created_at)"
                + " VALUES (?, ?, ?, ?)")
        .params(
            field(row, "attemptId"),
            field(row, "ticketId"),
            field(row, "eventId"),
            utc((Instant) field(row, "createdAt")))
        .update();
  }

  private static LocalDateTime utc(Instant time) {
    return LocalDateTime.ofInstant(time, ZoneOffset.UTC);
  }

  private static Object field(Object row, String name) {
    try {
      return accessible(row, name).get(row);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Field accessible(Object row, String name) throws NoSuchFieldException {
    Field field = row.getClass().getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }

  private static List<Object> findTickets(JdbcClient sql, Collection<?> ids) {
    if (ids.isEmpty()) {
      return List.of();
    }
    return new ArrayList<>(
        sql.sql(
                """
                SELECT id, action, user_id, event_id, seat_type, quantity, decision, reason,
                       reservation_id, total_price, expires_at, fingerprint, accepted_at,
                       decided_at, seats, entry_id
                FROM tickets WHERE id IN (:ids)\
                """)
            .param("ids", ids)
            .query(IngressProcess::ticket)
            .list());
  }

  private static Object ticket(ResultSet row, int index) throws SQLException {
    try {
      var constructor =
          Wiring.type("ticketing.ingress.ticket.TicketEntity").getDeclaredConstructor();
      constructor.setAccessible(true);
      Object entity = constructor.newInstance();
      set(entity, "id", row.getString("id"));
      set(entity, "action", row.getString("action"));
      set(entity, "userId", row.getString("user_id"));
      set(entity, "eventId", row.getLong("event_id"));
      set(entity, "seatType", row.getString("seat_type"));
      set(entity, "quantity", row.getObject("quantity", Integer.class));
      set(entity, "decision", row.getString("decision"));
      set(entity, "reason", row.getString("reason"));
      set(entity, "reservationId", row.getObject("reservation_id", Long.class));
      set(entity, "totalPrice", row.getBigDecimal("total_price"));
      set(entity, "expiresAt", instant(row, "expires_at"));
      set(entity, "fingerprint", row.getString("fingerprint"));
      set(entity, "acceptedAt", instant(row, "accepted_at"));
      set(entity, "decidedAt", instant(row, "decided_at"));
      set(entity, "seats", row.getString("seats"));
      set(entity, "entryId", row.getObject("entry_id", Long.class));
      return entity;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void set(Object entity, String name, Object value)
      throws ReflectiveOperationException {
    accessible(entity, name).set(entity, value);
  }

  private static Instant instant(ResultSet row, String column) throws SQLException {
    LocalDateTime time = row.getObject(column, LocalDateTime.class);
    return time == null ? null : time.toInstant(ZoneOffset.UTC);
  }
}
