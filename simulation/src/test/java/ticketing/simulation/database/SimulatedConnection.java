package ticketing.simulation.database;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.math.BigDecimal;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLTransientConnectionException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import ticketing.simulation.database.SimulatedDatabase.Outcome;
import ticketing.simulation.database.SimulatedDatabase.Result;
import ticketing.simulation.kernel.Kernel;
import ticketing.simulation.kernel.SimulatedProcess;

/// JDBC connection of one process to the simulated database. It supports the calls of Spring's JDBC
/// support and of the production code; any other call is an error.
public final class SimulatedConnection {

  private static final long LATENCY = TimeUnit.MILLISECONDS.toNanos(2);
  private static final long CONNECTION_TIMEOUT = TimeUnit.SECONDS.toNanos(1);
  private static final int LOCK_TIMEOUT_SECONDS = 50;
  private static final Map<String, String> SHORT_STATEMENTS = new ConcurrentHashMap<>();

  private final Kernel kernel;
  private final SimulatedProcess process;
  private final SimulatedDatabase database;
  private final DatabaseFaults faults;
  private Transaction transaction;
  private boolean autoCommit = true;
  private boolean broken;
  private boolean closed;

  private SimulatedConnection(
      Kernel kernel, SimulatedProcess process, SimulatedDatabase database, DatabaseFaults faults) {
    this.kernel = kernel;
    this.process = process;
    this.database = database;
    this.faults = faults;
    this.transaction = database.begin();
    process.onExit(() -> database.abandon(transaction));
  }

  /// Data source of one process.
  public static DataSource dataSource(
      Kernel kernel, SimulatedProcess process, SimulatedDatabase database, DatabaseFaults faults) {
    return proxy(
        DataSource.class,
        (self, method, arguments) -> {
          if (!method.getName().equals("getConnection")) {
            return other(self, method, arguments);
          }
          long timeout = faults.refusing ? CONNECTION_TIMEOUT : 0;
          boolean refused =
              process.<Boolean>call(
                  new long[] {latency(kernel, faults), timeout},
                  answer -> answer.accept(faults.refusing));
          if (refused) {
            throw new SQLTransientConnectionException("Connection is not available");
          }
          return new SimulatedConnection(kernel, process, database, faults).connection();
        });
  }

  private static long latency(Kernel kernel, DatabaseFaults faults) {
    return kernel.random().nextLong(LATENCY / 10, LATENCY) * faults.slowness;
  }

  private interface Handler {
    @Nullable Object handle(Object self, Method method, Object[] arguments) throws Throwable;
  }

  private static <T> T proxy(Class<T> type, Handler handler) {
    return type.cast(
        Proxy.newProxyInstance(
            SimulatedConnection.class.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) ->
                handler.handle(self, method, arguments == null ? new Object[0] : arguments)));
  }

  private static Object other(Object self, Method method, Object[] arguments) {
    return switch (method.getName()) {
      case "equals" -> self == arguments[0];
      case "hashCode" -> 1;
      case "toString" -> "simulated";
      case "isWrapperFor" -> false;
      default -> throw new UnsupportedOperationException(method.toString());
    };
  }

  private Connection connection() {
    return proxy(
        Connection.class,
        (self, method, arguments) ->
            switch (method.getName()) {
              case "prepareStatement" ->
                  new Prepared((String) arguments[0]).statement(PreparedStatement.class);
              case "createStatement" -> new Prepared("").statement(Statement.class);
              case "setAutoCommit" -> {
                autoCommit = (Boolean) arguments[0];
                yield null;
              }
              case "getAutoCommit" -> autoCommit;
              case "commit" -> {
                call(
                    "commit",
                    LOCK_TIMEOUT_SECONDS,
                    () -> {
                      database.commit(transaction);
                      return true;
                    });
                yield null;
              }
              case "rollback" -> {
                call(
                    "rollback",
                    LOCK_TIMEOUT_SECONDS,
                    () -> {
                      database.rollback(transaction);
                      return true;
                    });
                yield null;
              }
              case "close" -> {
                if (!closed) {
                  closed = true;
                  database.abandon(transaction);
                }
                yield null;
              }
              case "isClosed" -> closed;
              case "isValid" -> {
                try {
                  call("ping", LOCK_TIMEOUT_SECONDS, () -> true);
                  yield true;
                } catch (SQLException e) {
                  yield false;
                }
              }
              case "isReadOnly" -> false;
              case "getTransactionIsolation" -> Connection.TRANSACTION_READ_COMMITTED;
              case "getMetaData" -> metaData();
              case "setTransactionIsolation", "setReadOnly", "clearWarnings", "getWarnings" -> null;
              case "getHoldability" -> ResultSet.CLOSE_CURSORS_AT_COMMIT;
              default -> other(self, method, arguments);
            });
  }

  private static DatabaseMetaData metaData() {
    return proxy(
        DatabaseMetaData.class,
        (self, method, arguments) ->
            switch (method.getName()) {
              case "supportsBatchUpdates", "supportsGetGeneratedKeys" -> true;
              case "getDatabaseProductName", "getDriverName" -> "simulated";
              case "supportsSavepoints" -> false;
              default -> other(self, method, arguments);
            });
  }

  private Object call(String name, int timeoutSeconds, SimulatedDatabase.Work work)
      throws SQLException {
    if (broken || closed) {
      throw new SQLNonTransientConnectionException("connection is closed", "08003");
    }
    Outcome outcome =
        process.call(
            new long[] {latency(kernel, faults), latency(kernel, faults)},
            answer -> {
              if (closed) {
                return;
              }
              if (faults.refusing || kernel.chance(faults.lostRequest)) {
                kernel.log().add("database", process.name() + " " + name + " connection lost");
                breakConnection(answer);
                return;
              }
              database.execute(
                  transaction,
                  timeoutSeconds,
                  work,
                  result -> {
                    kernel
                        .log()
                        .add(
                            "database",
                            process.name()
                                + " "
                                + name
                                + (result.failure() == null
                                    ? ""
                                    : " fails: " + result.failure().getMessage()));
                    if (!process.isAlive()) {
                      // The server detects the end of the process after the current statement.
                      database.abandon(transaction);
                    } else if (kernel.chance(faults.lostAnswer)) {
                      kernel.log().add("database", process.name() + " answer lost");
                      breakConnection(answer);
                    } else {
                      answer.accept(result);
                    }
                  });
            });
    if (outcome.failure() != null) {
      throw outcome.failure();
    }
    return outcome.value();
  }

  private void breakConnection(java.util.function.Consumer<Outcome> answer) {
    broken = true;
    database.abandon(transaction);
    answer.accept(
        new Outcome(
            null, new SQLNonTransientConnectionException("Communications link failure", "08S01")));
  }

  static @Nullable Object normalize(@Nullable Object value) {
    return switch (value) {
      case Integer number -> (Object) number.longValue();
      case Boolean truth -> truth ? 1L : 0L;
      case BigDecimal number -> number;
      case null -> null;
      default -> value;
    };
  }

  private final class Prepared {
    private final String sql;
    private final List<Object> parameters = new ArrayList<>();
    private final List<Object[]> batch = new ArrayList<>();
    private int timeout = LOCK_TIMEOUT_SECONDS;
    private @Nullable Result result;
    private List<Long> generatedIds = List.of();

    Prepared(String sql) {
      this.sql = sql;
    }

    private void set(int index, @Nullable Object value) {
      while (parameters.size() < index) {
        parameters.add(null);
      }
      parameters.set(index - 1, normalize(value));
    }

    <T extends Statement> T statement(Class<T> type) {
      return proxy(
          type,
          (self, method, arguments) ->
              switch (method.getName()) {
                case "setString",
                    "setLong",
                    "setInt",
                    "setObject",
                    "setBigDecimal",
                    "setBytes",
                    "setBoolean",
                    "setTimestamp" -> {
                  set((Integer) arguments[0], arguments[1]);
                  yield null;
                }
                case "setNull" -> {
                  set((Integer) arguments[0], null);
                  yield null;
                }
                case "addBatch" -> {
                  batch.add(parameters.toArray());
                  yield null;
                }
                case "executeQuery" -> {
                  result = run(arguments.length > 0 ? (String) arguments[0] : sql);
                  yield resultSet(result);
                }
                case "executeUpdate" -> {
                  result = run(sql);
                  yield result.updated();
                }
                case "execute" -> {
                  result = run(sql);
                  yield result.rows() != null;
                }
                case "getResultSet" -> resultSet(result);
                case "getUpdateCount" -> result.updated();
                case "executeBatch" -> runBatch();
                case "getGeneratedKeys" -> resultSet(generatedKeys());
                case "getParameterMetaData" -> parameterTypes();
                case "setQueryTimeout" -> {
                  timeout = (Integer) arguments[0];
                  yield null;
                }
                case "close",
                    "setFetchSize",
                    "setMaxRows",
                    "clearWarnings",
                    "getWarnings",
                    "clearParameters" ->
                    null;
                case "getConnection" -> connection();
                default -> other(self, method, arguments);
              });
    }

    private Result run(String statement) throws SQLException {
      Object[] values = parameters.toArray();
      return (Result)
          call(
              describe(statement, values),
              timeout,
              () -> autoCommitted(() -> database.execute(transaction, statement, values)));
    }

    private Object autoCommitted(SimulatedDatabase.Work work)
        throws SQLException, SimulatedDatabase.Blocked {
      try {
        Object value = work.execute();
        if (autoCommit) {
          database.commit(transaction);
        }
        return value;
      } catch (SQLException e) {
        if (autoCommit) {
          database.rollback(transaction);
        }
        throw e;
      }
    }

    private static String describe(String statement, Object[] values) {
      return SHORT_STATEMENTS.computeIfAbsent(statement, Prepared::start)
          + " "
          + Arrays.deepToString(values);
    }

    private static String start(String statement) {
      String text = statement.strip().replaceAll("\\s+", " ");
      return text.substring(0, Math.min(60, text.length()));
    }

    /// The driver sends the batch in one round trip. A failure ends it.
    private int[] runBatch() throws SQLException {
      List<Object[]> rows = List.copyOf(batch);
      batch.clear();
      List<Long> ids = new ArrayList<>();
      int[] next = new int[1];
      try {
        call(
            describe(sql, new Object[] {rows.size()}),
            timeout,
            () ->
                autoCommitted(() -> {
                  // A repetition after a lock continues with the blocked row.
                  while (next[0] < rows.size()) {
                    ids.addAll(
                        database.execute(transaction, sql, rows.get(next[0])).generatedIds());
                    next[0]++;
                  }
                  return true;
                }));
      } catch (SQLException e) {
        if (e instanceof SQLNonTransientConnectionException) {
          throw e;
        }
        BatchUpdateException failure =
            new BatchUpdateException(
                e.getMessage(), e.getSQLState(), e.getErrorCode(), new int[0], e);
        failure.setNextException(e);
        throw failure;
      }
      generatedIds = ids;
      int[] counts = new int[rows.size()];
      Arrays.fill(counts, Statement.SUCCESS_NO_INFO);
      return counts;
    }

    private Result generatedKeys() {
      List<Map<String, Object>> rows = new ArrayList<>();
      generatedIds.forEach(id -> rows.add(new LinkedHashMap<>(Map.of("generated_key", id))));
      return new Result(rows, List.of("generated_key"), 0, List.of());
    }
  }

  private static ResultSet resultSet(Result result) {
    int[] index = {-1};
    boolean[] wasNull = new boolean[1];
    return proxy(
        ResultSet.class,
        (self, method, arguments) -> {
          switch (method.getName()) {
            case "next" -> {
              index[0]++;
              return index[0] < result.rows().size();
            }
            case "wasNull" -> {
              return wasNull[0];
            }
            case "close" -> {
              return null;
            }
            case "isClosed" -> {
              return false;
            }
            case "getMetaData" -> {
              return metaData(result.labels());
            }
            case "findColumn" -> {
              return result.labels().indexOf(arguments[0]) + 1;
            }
            default -> {
              if (!method.getName().startsWith("get")) {
                return other(self, method, arguments);
              }
            }
          }
          String label =
              arguments[0] instanceof Integer number
                  ? result.labels().get(number - 1)
                  : arguments[0].toString().toLowerCase(java.util.Locale.ROOT);
          if (!result.labels().contains(label)) {
            throw new SQLException("unknown column " + label);
          }
          Object value = result.rows().get(index[0]).get(label);
          wasNull[0] = value == null;
          Class<?> type =
              arguments.length > 1 && arguments[1] instanceof Class<?> requested
                  ? requested
                  : method.getReturnType();
          return convert(value, type);
        });
  }

  private static @Nullable Object convert(@Nullable Object value, Class<?> type) {
    if (value instanceof Boolean truth) {
      return convert(truth ? 1L : 0L, type);
    }
    if (type == long.class || type == Long.class) {
      return value == null
          ? (type == long.class ? (Object) 0L : null)
          : ((Number) value).longValue();
    }
    if (type == int.class || type == Integer.class) {
      return value == null ? (type == int.class ? (Object) 0 : null) : ((Number) value).intValue();
    }
    if (type == boolean.class || type == Boolean.class) {
      return value == null ? (type == boolean.class ? false : null) : (Object) ((Long) value != 0);
    }
    if (type == String.class) {
      return value == null ? null : value.toString();
    }
    return value;
  }

  /// Spring reads the type of a null parameter.
  private static ParameterMetaData parameterTypes() {
    return proxy(
        ParameterMetaData.class,
        (self, method, arguments) ->
            method.getName().equals("getParameterType")
                ? (Object) java.sql.Types.VARCHAR
                : other(self, method, arguments));
  }

  private static ResultSetMetaData metaData(List<String> labels) {
    return proxy(
        ResultSetMetaData.class,
        (self, method, arguments) ->
            switch (method.getName()) {
              case "getColumnCount" -> labels.size();
              case "getColumnLabel", "getColumnName" -> labels.get((Integer) arguments[0] - 1);
              case "getColumnType" -> java.sql.Types.OTHER;
              default -> other(self, method, arguments);
            });
  }
}
