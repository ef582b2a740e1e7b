package ticketing.simulation.database;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Rows, keys and constraints of one table.
final class Table {

  /// Row with its lock. A transaction sees its own changes, others see the committed values.
  static final class Row {
    @Nullable Map<String, Object> committed;
    @Nullable Map<String, Object> changed;
    boolean isChanged;
    @Nullable Transaction owner;
    long committedAt; // simulated nanoseconds

    /// Values for a transaction; null: the row does not exist for it.
    @Nullable Map<String, Object> visibleTo(@Nullable Transaction reader) {
      return owner == reader && isChanged ? changed : committed;
    }

    /// Values after the commit of the owner.
    @Nullable Map<String, Object> latest() {
      return isChanged ? changed : committed;
    }
  }

  final String name;
  private final Map<String, @Nullable Expression> columns; // value: default
  final @Nullable String autoIncrement;
  final List<List<String>> uniqueKeys;
  final List<Expression> checks;
  final List<Row> rows = new ArrayList<>();
  private long nextId = 1;

  Table(
      String name,
      @Nullable String autoIncrement,
      List<List<String>> uniqueKeys,
      List<Expression> checks,
      Map<String, @Nullable Expression> columns) {
    this.name = name;
    this.autoIncrement = autoIncrement;
    this.uniqueKeys = uniqueKeys;
    this.checks = checks;
    this.columns = columns;
  }

  /// Row of the default values.
  Map<String, Object> defaults(Expression.Scope scope) {
    Map<String, Object> row = new LinkedHashMap<>();
    columns.forEach(
        (column, value) -> row.put(column, value == null ? null : value.evaluate(scope)));
    return row;
  }

  List<String> columns() {
    return List.copyOf(columns.keySet());
  }

  long nextId() {
    return nextId++;
  }

  /// Row with an equal unique key; null: none.
  @Nullable Row findDuplicate(Map<String, Object> values) {
    for (List<String> key : uniqueKeys) {
      for (Row row : rows) {
        if (sameKey(key, row.committed, values) || sameKey(key, row.latest(), values)) {
          return row;
        }
      }
    }
    return null;
  }

  private static boolean sameKey(
      List<String> key, @Nullable Map<String, Object> row, Map<String, Object> values) {
    return row != null
        && key.stream()
            .allMatch(column ->
                values.get(column) != null
                    && Expression.compare(row.get(column), values.get(column)) == 0);
  }
}
