package ticketing.simulation.database;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// Parsed SQL statement.
sealed interface Statement {

  /// Kind of the row locks of a read.
  enum Locking {
    NONE,
    WAIT,
    SKIP_LOCKED
  }

  record Output(Expression expression, String label) {}

  record Order(Expression expression, boolean descending) {}

  record Assignment(String column, Expression value) {}

  /// Statement or subquery with rows as its result.
  sealed interface Query extends Statement {}

  /// Rows of a table or of a derived table.
  sealed interface Source {

    record Named(String table) implements Source {}

    record Derived(Query query) implements Source {}

    /// @param alias also the prefix of the qualified names of the columns
    record Aliased(Source source, String alias) implements Source {}

    /// @param outer true for a left outer join
    record Join(Source left, Source right, Expression condition, boolean outer) implements Source {}
  }

  /// @param outputs empty: all columns
  /// @param source null: no table
  record Select(
      List<Output> outputs,
      @Nullable Source source,
      @Nullable Expression where,
      List<Expression> groupBy,
      @Nullable Expression having,
      List<Order> orders,
      @Nullable Expression limit,
      Locking locking)
      implements Query {

    Select with(List<Order> newOrders, @Nullable Expression newLimit, Locking newLocking) {
      return new Select(outputs, source, where, groupBy, having, newOrders, newLimit, newLocking);
    }
  }

  /// @param distinct true without `ALL`
  record Union(List<Query> parts, boolean distinct, List<Order> orders, @Nullable Expression limit)
      implements Query {}

  /// @param onDuplicate empty: a duplicate is an error
  record Insert(
      String table, List<String> columns, List<Expression> values, List<Assignment> onDuplicate)
      implements Statement {}

  record Update(String table, List<Assignment> assignments, @Nullable Expression where)
      implements Statement {}

  record Delete(
      String table, @Nullable Expression where, List<Order> orders, @Nullable Expression limit)
      implements Statement {}
}
