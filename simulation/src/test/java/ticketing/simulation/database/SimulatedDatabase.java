package ticketing.simulation.database;

import java.sql.SQLException;
import java.sql.SQLIntegrityConstraintViolationException;
import java.sql.SQLTransactionRollbackException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
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

    static Result of(List<Map<String, Object>> rows, List<String> labels) {
      return new Result(rows, labels, 0, List.of());
    }

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
        row.committedAt = kernel.now();
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

  /// Time of the server in UTC.
  public LocalDateTime now() {
    return LocalDateTime.ofInstant(Kernel.START.plusNanos(kernel.now()), ZoneOffset.UTC);
  }

  private static boolean matches(@Nullable Expression where, Expression.Scope scope) {
    return where == null || Expression.isTrue(where.evaluate(scope));
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
    if (faults.readOnly && !(statement instanceof Statement.Query)) {
      throw new SQLException("The server is running with --read-only", "HY000", 1290);
    }
    return switch (statement) {
      case Statement.Query query -> query(transaction, query, parameters, Map.of());
      case Statement.Insert insert -> insert(transaction, insert, parameters);
      case Statement.Update update -> update(transaction, update, parameters);
      case Statement.Delete delete -> delete(transaction, delete, parameters);
    };
  }

  private static Comparator<Map<String, Object>> order(
      List<Statement.Order> orders, Expression.Scope scope) {
    Comparator<Map<String, Object>> comparator = (a, b) -> 0;
    for (Statement.Order order : orders) {
      Comparator<Map<String, Object>> next =
          Comparator.comparing(
              row -> order.expression().evaluate(scope.withRow(row)), Expression::compare);
      comparator = comparator.thenComparing(order.descending() ? next.reversed() : next);
    }
    return comparator;
  }

  private Expression.Scope scope(
      Transaction transaction, Map<String, Object> row, Object[] parameters) {
    return new Expression.Scope(
        row,
        parameters,
        null,
        null,
        now(),
        (inner, outer) -> subquery(transaction, inner, parameters, outer));
  }

  /// @param outer row of the enclosing query; empty for a statement
  private Result query(
      Transaction transaction,
      Statement.Query query,
      Object[] parameters,
      Map<String, Object> outer)
      throws Blocked {
    Expression.Scope scope = scope(transaction, outer, parameters);
    return switch (query) {
      case Statement.Select select -> select(transaction, select, scope);
      case Statement.Union(var parts, boolean distinct, var orders, var limit) -> {
        List<String> labels = null;
        Collection<List<Object>> rows = distinct ? new LinkedHashSet<>() : new ArrayList<>();
        for (Statement.Query part : parts) {
          Result result = query(transaction, part, parameters, outer);
          labels = labels == null ? result.labels() : labels;
          result.rows().forEach(row -> rows.add(new ArrayList<>(row.values())));
        }
        List<Map<String, Object>> outputs = new ArrayList<>();
        for (List<Object> row : rows) {
          Map<String, Object> values = new LinkedHashMap<>();
          for (int i = 0; i < labels.size(); i++) {
            values.put(labels.get(i), row.get(i));
          }
          outputs.add(values);
        }
        outputs.sort(order(orders, scope));
        yield Result.of(limited(outputs, limit, scope), labels);
      }
    };
  }

  /// Subqueries of the production code take no locks.
  private List<Map<String, Object>> subquery(
      Transaction transaction,
      Statement.Query query,
      Object[] parameters,
      Map<String, Object> outer) {
    try {
      return query(transaction, query, parameters, outer).rows();
    } catch (Blocked e) {
      throw new IllegalStateException(e);
    }
  }

  /// Rows of a source without locks. An alias adds qualified names of the columns.
  private List<Map<String, Object>> rows(
      Transaction transaction, Statement.Source source, Expression.Scope scope) {
    return switch (source) {
      case Statement.Source.Named(String name) ->
          table(name).rows.stream()
              .map(row -> row.visibleTo(transaction))
              .filter(Objects::nonNull)
              .toList();
      case Statement.Source.Derived(Statement.Query query) ->
          subquery(transaction, query, scope.parameters(), scope.row());
      case Statement.Source.Aliased(Statement.Source aliased, String alias) ->
          rows(transaction, aliased, scope).stream()
              .map(row -> {
                Map<String, Object> values = new LinkedHashMap<>(row);
                row.forEach((column, value) -> values.put(alias + '.' + column, value));
                return values;
              })
              .toList();
      case Statement.Source.Join(var left, var right, Expression condition, boolean isOuter) -> {
        List<Map<String, Object>> rights = rows(transaction, right, scope);
        List<Map<String, Object>> joined = new ArrayList<>();
        for (Map<String, Object> row : rows(transaction, left, scope)) {
          boolean found = false;
          for (Map<String, Object> other : rights) {
            Map<String, Object> values = merged(other, row);
            if (Expression.isTrue(condition.evaluate(scope.withRow(merged(scope.row(), values))))) {
              joined.add(values);
              found = true;
            }
          }
          if (!found && isOuter) {
            Map<String, Object> values = new LinkedHashMap<>();
            columns(right).forEach(column -> values.put(column, null));
            joined.add(merged(values, row));
          }
        }
        yield joined;
      }
    };
  }

  /// Names of the columns of the inner table of an outer join.
  private List<String> columns(Statement.Source source) {
    return switch (source) {
      case Statement.Source.Named(String name) -> table(name).columns();
      case Statement.Source.Aliased(Statement.Source aliased, String alias) -> {
        List<String> columns = new ArrayList<>(columns(aliased));
        columns(aliased).forEach(column -> columns.add(alias + '.' + column));
        yield columns;
      }
      case Statement.Source.Derived _, Statement.Source.Join _ ->
          throw new IllegalArgumentException("outer join of a derived table");
    };
  }

  /// Columns of both rows. Those of the second one hide those of the first one.
  private static Map<String, Object> merged(Map<String, Object> first, Map<String, Object> second) {
    if (first.isEmpty()) {
      return second;
    }
    Map<String, Object> values = new LinkedHashMap<>(first);
    values.putAll(second);
    return values;
  }

  private List<Map<String, Object>> matching(
      Transaction transaction, Statement.Select select, Expression.Scope scope) throws Blocked {
    Expression where = select.where();
    List<Map<String, Object>> found = new ArrayList<>();
    switch (select.source()) {
      case null -> found.add(scope.row());
      case Statement.Source.Named(String name) -> {
        boolean locking = select.locking() != Statement.Locking.NONE;
        for (Row row : List.copyOf(table(name).rows)) {
          Map<String, Object> values =
              locking && row.owner != transaction ? row.committed : row.visibleTo(transaction);
          if (values == null) {
            continue;
          }
          Map<String, Object> visible = merged(scope.row(), values);
          if (matches(where, scope.withRow(visible))
              && (!locking
                  || lock(row, transaction, select.locking() == Statement.Locking.SKIP_LOCKED))) {
            found.add(visible);
          }
        }
      }
      case Statement.Source other -> {
        if (select.locking() != Statement.Locking.NONE) {
          throw new IllegalArgumentException("lock of a join");
        }
        for (Map<String, Object> row : rows(transaction, other, scope)) {
          Map<String, Object> visible = merged(scope.row(), row);
          if (matches(where, scope.withRow(visible))) {
            found.add(visible);
          }
        }
      }
    }
    return found;
  }

  private Result select(Transaction transaction, Statement.Select select, Expression.Scope scope)
      throws Blocked {
    List<Map<String, Object>> rows = matching(transaction, select, scope);
    if (select.outputs().isEmpty()) {
      rows.sort(order(select.orders(), scope));
      List<Map<String, Object>> unqualified =
          rows.stream().map(SimulatedDatabase::unqualified).toList();
      return Result.of(
          limited(unqualified, select.limit(), scope),
          unqualified.isEmpty() ? List.of() : List.copyOf(unqualified.getFirst().keySet()));
    }
    List<String> labels = select.outputs().stream().map(Statement.Output::label).toList();
    List<List<Map<String, Object>>> groups = new ArrayList<>();
    boolean aggregated =
        select.outputs().stream().anyMatch(output -> output.expression().containsAggregate());
    if (!select.groupBy().isEmpty()) {
      Map<List<Object>, List<Map<String, Object>>> byKey = new LinkedHashMap<>();
      for (Map<String, Object> row : rows) {
        Expression.Scope ofRow = scope.withRow(row);
        Object[] key = select.groupBy().stream().map(one -> one.evaluate(ofRow)).toArray();
        byKey.computeIfAbsent(Arrays.asList(key), unused -> new ArrayList<>()).add(row);
      }
      groups.addAll(byKey.values());
    } else if (aggregated) {
      groups.add(rows);
    }
    List<Map<String, Object>> outputs = new ArrayList<>();
    if (!groups.isEmpty() || !select.groupBy().isEmpty()) {
      for (List<Map<String, Object>> group : groups) {
        Expression.Scope ofGroup = scope.withGroup(group);
        if (matches(select.having(), ofGroup)) {
          outputs.add(output(select, ofGroup));
        }
      }
      outputs.sort(order(select.orders(), scope));
    } else {
      rows.sort(order(select.orders(), scope));
      for (Map<String, Object> row : rows) {
        outputs.add(output(select, scope.withRow(row)));
      }
    }
    return Result.of(limited(outputs, select.limit(), scope), labels);
  }

  private static Map<String, Object> unqualified(Map<String, Object> row) {
    Map<String, Object> values = new LinkedHashMap<>(row);
    values.keySet().removeIf(column -> column.indexOf('.') >= 0);
    return values;
  }

  private static <T> List<T> limited(
      List<T> rows, @Nullable Expression limit, Expression.Scope scope) {
    int max = limit == null ? Integer.MAX_VALUE : Math.toIntExact((Long) limit.evaluate(scope));
    return rows.size() > max ? rows.subList(0, max) : rows;
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
    Expression.Scope scope = scope(transaction, Map.of(), parameters);
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
        change(table, duplicate, insert.onDuplicate(), scope.withInserted(values));
        return Result.updated(2, List.of());
      }
      check(table, values, scope);
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
    check(table, values, scope);
    Row row = new Row();
    row.changed = values;
    row.isChanged = true;
    row.owner = transaction;
    transaction.rows.add(row);
    table.rows.add(row);
    return Result.updated(1, ids);
  }

  private static void check(Table table, Map<String, Object> values, Expression.Scope scope)
      throws SQLException {
    for (Expression check : table.checks) {
      if (Boolean.FALSE.equals(check.evaluate(scope.withRow(values)))) {
        throw new SQLException("CONSTRAINT failed for " + table.name, "23000", 4025);
      }
    }
  }

  private static void change(
      Table table, Row row, List<Statement.Assignment> assignments, Expression.Scope scope)
      throws SQLException {
    Map<String, Object> values = new LinkedHashMap<>(row.latest());
    Expression.Scope ofRow = scope.withRow(values).withInserted(scope.inserted());
    for (Statement.Assignment assignment : assignments) {
      values.put(assignment.column(), assignment.value().evaluate(ofRow));
    }
    check(table, values, scope);
    row.changed = values;
    row.isChanged = true;
  }

  private Result update(Transaction transaction, Statement.Update update, Object[] parameters)
      throws SQLException, Blocked {
    Table table = table(update.table());
    Expression.Scope scope = scope(transaction, Map.of(), parameters);
    List<Row> rows = lockMatching(transaction, table, update.where(), scope);
    for (Row row : rows) {
      change(table, row, update.assignments(), scope);
    }
    return Result.updated(rows.size(), List.of());
  }

  private List<Row> lockMatching(
      Transaction transaction, Table table, @Nullable Expression where, Expression.Scope scope)
      throws Blocked {
    List<Row> rows = new ArrayList<>();
    for (Row row : table.rows) {
      Map<String, Object> values = row.owner == transaction ? row.latest() : row.committed;
      if (values != null && matches(where, scope.withRow(values))) {
        lock(row, transaction, false);
        rows.add(row);
      }
    }
    return rows;
  }

  private Result delete(Transaction transaction, Statement.Delete delete, Object[] parameters)
      throws Blocked {
    Expression.Scope scope = scope(transaction, Map.of(), parameters);
    List<Row> rows = lockMatching(transaction, table(delete.table()), delete.where(), scope);
    rows.sort(Comparator.comparing(Row::latest, order(delete.orders(), scope)));
    List<Row> deleted = limited(rows, delete.limit(), scope);
    for (Row row : deleted) {
      row.changed = null;
      row.isChanged = true;
    }
    return Result.updated(deleted.size(), List.of());
  }

  /// Committed rows of a table, for the oracle.
  public List<Map<String, Object>> committed(String table) {
    return table(table).rows.stream()
        .map(row -> row.committed)
        .filter(values -> values != null)
        .toList();
  }

  /// Times of the last commits of the rows of a table, by their ids.
  public Map<Object, Instant> commitTimes(String table) {
    return table(table).rows.stream()
        .filter(row -> row.committed != null)
        .collect(
            Collectors.toMap(
                row -> row.committed.get("id"), row -> Kernel.START.plusNanos(row.committedAt)));
  }

  /// Statement outside of any process.
  public record Prepared(String sql, Object... parameters) {}

  /// Executes a statement outside of any process, as one transaction.
  ///
  /// @throws IllegalStateException if it fails
  public void prepare(String sql, Object... parameters) {
    prepare(List.of(new Prepared(sql, parameters)));
  }

  /// Executes statements outside of any process, as one transaction.
  ///
  /// @throws IllegalStateException if one of them fails; then none has an effect
  public void prepare(List<Prepared> statements) {
    Transaction transaction = begin();
    for (Prepared statement : statements) {
      try {
        execute(
            transaction,
            statement.sql(),
            Arrays.stream(statement.parameters()).map(SimulatedConnection::normalize).toArray());
      } catch (SQLException | Blocked e) {
        rollback(transaction);
        throw new IllegalStateException(statement.sql(), e);
      }
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
