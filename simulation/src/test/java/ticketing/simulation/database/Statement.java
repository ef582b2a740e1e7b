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

  /// @param table null: no table
  record Select(
      List<Output> outputs,
      @Nullable String table,
      @Nullable Expression where,
      List<Expression> groupBy,
      @Nullable Expression having,
      List<Order> orders,
      @Nullable Expression limit,
      Locking locking)
      implements Statement {}

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
