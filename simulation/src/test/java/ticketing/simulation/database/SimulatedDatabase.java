package ticketing.simulation.database;

import java.sql.SQLException;
import java.sql.SQLIntegrityConstraintViolationException;
import java.sql.SQLTransactionRollbackException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import ticketing.simulation.database.Table.Row;
import ticketing.simulation.kernel.Kernel;

/// State of the database server. Statements are atomic; a statement that needs a locked row is
/// repeated after each release of a lock, in the order of their arrival.
public final class SimulatedDatabase {

  private final Kernel kernel;
  private final DatabaseFaults faults;
  private final Map<String, Table> tables = new TreeMap<>();
  private final List<Waiting> waiting = new ArrayList<>();

  public SimulatedDatabase(Kernel kernel, DatabaseFaults faults) {
    this.kernel = kernel;
    this.faults = faults;
    Schema.tables().forEach(table -> tables.put(table.name, table));
  }

  private Table table(String name) {
    Table table = tables.get(name);
    if (table == null) {
      throw new IllegalArgumentException("unknown table " + name);
    }
    return table;
  }

  /// Result of a statement.
  ///
  /// @param rows null: no result set
  record Result(
      @Nullable List<Map<String, Object>> rows,
      List<String> labels,
      int updated,
      List<Long> generatedIds) {

    static Result updated(int rows, List<Long> ids) {
      return new Result(null, List.of(), rows, ids);
    }
  }

  /// Result or failure of a call.
  record Outcome(@Nullable Object value, @Nullable SQLException failure) {}

  interface Work {
    Object execute() throws SQLException, Blocked;
  }

  /// A needed row is locked.
  static final class Blocked extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient Transaction owner;

    Blocked(Transaction owner) {
      super(null, null, false, false);
      this.owner = owner;
    }
  }

  private final class Waiting {
    final Transaction transaction;
    final Work work;
    final Consumer<Outcome> answer;
    boolean over;

    Waiting(Transaction transaction, Work work, Consumer<Outcome> answer) {
      this.transaction = transaction;
      this.work = work;
      this.answer = answer;
    }
  }

  Transaction begin() {
    return new Transaction();
  }

  /// Executes work of a transaction. The answer is delayed until the needed locks are available.
  void execute(Transaction transaction, int timeoutSeconds, Work work, Consumer<Outcome> answer) {
    Waiting call = new Waiting(transaction, work, answer);
    if (!attempt(call)) {
      waiting.add(call);
      kernel.schedule(
          TimeUnit.SECONDS.toNanos(timeoutSeconds),
          () -> {
            if (!call.over) {
              finish(
                  call,
                  new Outcome(null, new SQLException("Lock wait timeout exceeded", "40001", 1205)));
            }
          });
    }
  }

  private void finish(Waiting call, Outcome outcome) {
    call.over = true;
    call.transaction.waitsFor = null;
    waiting.remove(call);
    call.answer.accept(outcome);
  }

  /// @return false if it is blocked
  private boolean attempt(Waiting call) {
    try {
      finish(call, new Outcome(call.work.execute(), null));
      return true;
    } catch (SQLException e) {
      finish(call, new Outcome(null, e));
      return true;
    } catch (Blocked e) {
      call.transaction.waitsFor = e.owner;
      for (Transaction next = e.owner; next != null; next = next.waitsFor) {
        if (next == call.transaction) {
          kernel.log().add("database", "deadlock");
          rollback(call.transaction);
          finish(call, new Outcome(null, deadlock()));
          return true;
        }
      }
      return false;
    }
  }

  static SQLException deadlock() {
    return new SQLTransactionRollbackException("Deadlock found", "40001", 1213);
  }

  private void retryWaiting() {
    if (!waiting.isEmpty()) {
      kernel.schedule(
          0,
          () -> {
            for (Waiting call : List.copyOf(waiting)) {
              if (!call.over) {
                attempt(call);
              }
            }
          });
    }
  }

  /// Abandons the statements of a transaction whose connection is closed.
  void abandon(Transaction transaction) {
    waiting.removeIf(call -> call.transaction == transaction && (call.over = true));
    rollback(transaction);
  }

  void commit(Transaction transaction) {
    for (Row row : transaction.rows) {
      if (row.isChanged) {
        row.committed = row.changed;
      }
    }
    release(transaction);
  }

  void rollback(Transaction transaction) {
    release(transaction);
  }

  private void release(Transaction transaction) {
    for (Row row : transaction.rows) {
      row.changed = null;
      row.isChanged = false;
      row.owner = null;
    }
    if (!transaction.rows.isEmpty()) {
      transaction.rows.clear();
      tables
          .values()
          .forEach(table -> table.rows.removeIf(row -> row.committed == null && row.owner == null));
      retryWaiting();
    }
  }

  LocalDateTime now() {
    return LocalDateTime.ofInstant(Kernel.START.plusNanos(kernel.now()), ZoneOffset.UTC);
  }

  private static boolean matches(
      @Nullable Expression where, Map<String, Object> row, Object[] parameters, LocalDateTime now) {
    return where == null
        || Expression.isTrue(
            where.evaluate(new Expression.Scope(row, parameters, null, null, now)));
  }

  /// Locks a row.
  ///
  /// @return false if it is to be skipped
  private static boolean lock(Row row, Transaction transaction, boolean skip) throws Blocked {
    if (row.owner != null && row.owner != transaction) {
      if (skip) {
        return false;
      }
      throw new Blocked(row.owner);
    }
    row.owner = transaction;
    transaction.rows.add(row);
    return true;
  }

  Result execute(Transaction transaction, String sql, Object[] parameters)
      throws SQLException, Blocked {
    Statement statement = Parser.parse(sql);
    if (kernel.chance(faults.deadlock)) {
      rollback(transaction);
      throw deadlock();
    }
    if (faults.readOnly && !(statement instanceof Statement.Select)) {
      throw new SQLException("The server is running with --read-only", "HY000", 1290);
    }
    return switch (statement) {
      case Statement.Select select -> select(transaction, select, parameters);
      case Statement.Insert insert -> insert(transaction, insert, parameters);
      case Statement.Update update -> update(transaction, update, parameters);
      case Statement.Delete delete -> delete(transaction, delete, parameters);
    };
  }

  private Comparator<Map<String, Object>> order(List<Statement.Order> orders, Object[] parameters) {
    Comparator<Map<String, Object>> comparator = (a, b) -> 0;
    for (Statement.Order order : orders) {
      Comparator<Map<String, Object>> next =
          Comparator.comparing(
              row ->
                  order
                      .expression()
                      .evaluate(new Expression.Scope(row, parameters, null, null, now())),
              Expression::compare);
      comparator = comparator.thenComparing(order.descending() ? next.reversed() : next);
    }
    return comparator;
  }

  private int limit(@Nullable Expression limit, Object[] parameters) {
    return limit == null
        ? Integer.MAX_VALUE
        : Math.toIntExact(
            (Long) limit.evaluate(new Expression.Scope(Map.of(), parameters, null, null, now())));
  }

  private Result select(Transaction transaction, Statement.Select select, Object[] parameters)
      throws Blocked {
    LocalDateTime now = now();
    List<Map<String, Object>> rows = new ArrayList<>();
    if (select.table() == null) {
      rows.add(Map.of());
    } else {
      for (Row row : List.copyOf(table(select.table()).rows)) {
        boolean locking = select.locking() != Statement.Locking.NONE;
        Map<String, Object> values =
            locking && row.owner != transaction ? row.committed : row.visibleTo(transaction);
        if (values != null
            && matches(select.where(), values, parameters, now)
            && (!locking
                || lock(row, transaction, select.locking() == Statement.Locking.SKIP_LOCKED))) {
          rows.add(values);
        }
      }
    }
    List<String> labels = select.outputs().stream().map(Statement.Output::label).toList();
    List<List<Map<String, Object>>> groups = new ArrayList<>();
    boolean aggregated =
        select.outputs().stream().anyMatch(output -> output.expression().containsAggregate());
    if (!select.groupBy().isEmpty()) {
      Map<List<Object>, List<Map<String, Object>>> byKey = new LinkedHashMap<>();
      for (Map<String, Object> row : rows) {
        Expression.Scope scope = new Expression.Scope(row, parameters, null, null, now);
        Object[] key = select.groupBy().stream().map(one -> one.evaluate(scope)).toArray();
        byKey.computeIfAbsent(Arrays.asList(key), unused -> new ArrayList<>()).add(row);
      }
      groups.addAll(byKey.values());
    } else if (aggregated) {
      groups.add(rows);
    }
    List<Map<String, Object>> outputs = new ArrayList<>();
    if (!groups.isEmpty() || !select.groupBy().isEmpty()) {
      for (List<Map<String, Object>> group : groups) {
        Expression.Scope scope =
            new Expression.Scope(
                group.isEmpty() ? Map.of() : group.getFirst(), parameters, group, null, now);
        if (select.having() == null || Expression.isTrue(select.having().evaluate(scope))) {
          outputs.add(output(select, scope));
        }
      }
      outputs.sort(order(select.orders(), parameters));
    } else {
      rows.sort(order(select.orders(), parameters));
      for (Map<String, Object> row : rows) {
        outputs.add(output(select, new Expression.Scope(row, parameters, null, null, now)));
      }
    }
    int limit = limit(select.limit(), parameters);
    return new Result(
        outputs.size() > limit ? outputs.subList(0, limit) : outputs, labels, 0, List.of());
  }

  private static Map<String, Object> output(Statement.Select select, Expression.Scope scope) {
    Map<String, Object> values = new LinkedHashMap<>();
    for (Statement.Output output : select.outputs()) {
      values.put(output.label(), output.expression().evaluate(scope));
    }
    return values;
  }

  private Result insert(Transaction transaction, Statement.Insert insert, Object[] parameters)
      throws SQLException, Blocked {
    Table table = table(insert.table());
    Expression.Scope scope = new Expression.Scope(Map.of(), parameters, null, null, now());
    Map<String, Object> values = table.defaults(scope);
    for (int i = 0; i < insert.columns().size(); i++) {
      if (!values.containsKey(insert.columns().get(i))) {
        throw new IllegalArgumentException("unknown column " + insert.columns().get(i));
      }
      values.put(insert.columns().get(i), insert.values().get(i).evaluate(scope));
    }
    Row duplicate = table.findDuplicate(values);
    if (duplicate != null) {
      lock(duplicate, transaction, false);
      if (duplicate.latest() != null) {
        if (insert.onDuplicate().isEmpty()) {
          throw new SQLIntegrityConstraintViolationException(
              "Duplicate entry in " + table.name, "23000", 1062);
        }
        change(table, duplicate, insert.onDuplicate(), parameters, values);
        return Result.updated(2, List.of());
      }
      check(table, values);
      duplicate.changed = values;
      duplicate.isChanged = true;
      return Result.updated(1, List.of());
    }
    List<Long> ids = List.of();
    if (table.autoIncrement != null && values.get(table.autoIncrement) == null) {
      long id = table.nextId();
      values.put(table.autoIncrement, id);
      ids = List.of(id);
    }
    check(table, values);
    Row row = new Row();
    row.changed = values;
    row.isChanged = true;
    row.owner = transaction;
    transaction.rows.add(row);
    table.rows.add(row);
    return Result.updated(1, ids);
  }

  private void check(Table table, Map<String, Object> values) throws SQLException {
    for (Expression check : table.checks) {
      if (Boolean.FALSE.equals(
          check.evaluate(new Expression.Scope(values, new Object[0], null, null, now())))) {
        throw new SQLException("CONSTRAINT failed for " + table.name, "23000", 4025);
      }
    }
  }

  private void change(
      Table table,
      Row row,
      List<Statement.Assignment> assignments,
      Object[] parameters,
      @Nullable Map<String, Object> inserted)
      throws SQLException {
    Map<String, Object> values = new LinkedHashMap<>(row.latest());
    for (Statement.Assignment assignment : assignments) {
      values.put(
          assignment.column(),
          assignment
              .value()
              .evaluate(new Expression.Scope(values, parameters, null, inserted, now())));
    }
    check(table, values);
    row.changed = values;
    row.isChanged = true;
  }

  private Result update(Transaction transaction, Statement.Update update, Object[] parameters)
      throws SQLException, Blocked {
    Table table = table(update.table());
    List<Row> rows = lockMatching(transaction, table, update.where(), parameters);
    for (Row row : rows) {
      change(table, row, update.assignments(), parameters, null);
    }
    return Result.updated(rows.size(), List.of());
  }

  private List<Row> lockMatching(
      Transaction transaction, Table table, @Nullable Expression where, Object[] parameters)
      throws Blocked {
    List<Row> rows = new ArrayList<>();
    for (Row row : table.rows) {
      Map<String, Object> values = row.owner == transaction ? row.latest() : row.committed;
      if (values != null && matches(where, values, parameters, now())) {
        lock(row, transaction, false);
        rows.add(row);
      }
    }
    return rows;
  }

  private Result delete(Transaction transaction, Statement.Delete delete, Object[] parameters)
      throws Blocked {
    List<Row> rows = lockMatching(transaction, table(delete.table()), delete.where(), parameters);
    rows.sort(Comparator.comparing(Row::latest, order(delete.orders(), parameters)));
    int limit = Math.min(rows.size(), limit(delete.limit(), parameters));
    for (Row row : rows.subList(0, limit)) {
      row.changed = null;
      row.isChanged = true;
    }
    return Result.updated(limit, List.of());
  }

  /// Committed rows of a table, for the oracle.
  public List<Map<String, Object>> committed(String table) {
    return table(table).rows.stream()
        .map(row -> row.committed)
        .filter(values -> values != null)
        .toList();
  }

  /// Executes a statement outside of any process, for the preparation of a run.
  public void prepare(String sql, Object... parameters) {
    Transaction transaction = begin();
    try {
      execute(
          transaction,
          sql,
          Arrays.stream(parameters).map(SimulatedConnection::normalize).toArray());
    } catch (SQLException | Blocked e) {
      throw new IllegalStateException(sql, e);
    }
    commit(transaction);
  }

  /// Locks a row of a table for a time, as a foreign transaction.
  public void lockRow(String table, long id, long nanos) {
    Transaction transaction = begin();
    execute(
        transaction,
        3_600,
        () ->
            execute(
                transaction,
                "SELECT id FROM " + table + " WHERE id = ? FOR UPDATE",
                new Object[] {id}),
        outcome -> kernel.schedule(nanos, () -> rollback(transaction)));
  }
}
