package ticketing.simulation.database;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Expression of a statement. Null is unknown, as in SQL.
sealed interface Expression {

  /// Values that an expression refers to.
  ///
  /// @param row column values
  /// @param group rows of an aggregate
  /// @param inserted values of a rejected row, for `VALUES(column)`
  record Scope(
      Map<String, Object> row,
      Object[] parameters,
      @Nullable List<Map<String, Object>> group,
      @Nullable Map<String, Object> inserted,
      LocalDateTime now,
      Subqueries subqueries) {

    Scope withRow(Map<String, Object> otherRow) {
      return new Scope(otherRow, parameters, null, null, now, subqueries);
    }

    /// @param otherGroup its first row becomes the row of the scope
    Scope withGroup(List<Map<String, Object>> otherGroup) {
      return new Scope(
          otherGroup.isEmpty() ? Map.of() : otherGroup.getFirst(),
          parameters,
          otherGroup,
          null,
          now,
          subqueries);
    }

    Scope withInserted(@Nullable Map<String, Object> rejectedRow) {
      return new Scope(row, parameters, group, rejectedRow, now, subqueries);
    }
  }

  /// Execution of a subquery.
  interface Subqueries {
    /// @param outer row of the enclosing query
    List<Map<String, Object>> select(Statement.Query query, Map<String, Object> outer);
  }

  Set<String> AGGREGATES = Set.of("COUNT", "MAX", "MIN", "SUM");

  record Column(String name) implements Expression {}

  record Literal(@Nullable Object value) implements Expression {}

  record Parameter(int index) implements Expression {}

  record Binary(String operator, Expression left, Expression right) implements Expression {}

  record Not(Expression operand) implements Expression {}

  record IsNull(Expression operand, boolean negated) implements Expression {}

  record In(Expression operand, List<Expression> values) implements Expression {}

  record Call(String function, List<Expression> arguments) implements Expression {}

  /// @param otherwise null without `ELSE`
  record Case(List<When> whens, @Nullable Expression otherwise) implements Expression {}

  record When(Expression condition, Expression value) {}

  /// @param exists true for `EXISTS`, false for the only value of the result
  record Subquery(Statement.Query query, boolean exists) implements Expression {}

  static boolean isTrue(@Nullable Object value) {
    return value instanceof Long number ? number != 0 : Boolean.TRUE.equals(value);
  }

  default boolean containsAggregate() {
    return switch (this) {
      case Call call ->
          AGGREGATES.contains(call.function())
              || call.arguments().stream().anyMatch(Expression::containsAggregate);
      case Binary binary -> binary.left().containsAggregate() || binary.right().containsAggregate();
      case Not not -> not.operand().containsAggregate();
      case IsNull test -> test.operand().containsAggregate();
      case In in -> in.operand().containsAggregate();
      case Case(List<When> whens, Expression otherwise) ->
          whens.stream()
                  .anyMatch(when ->
                      when.condition().containsAggregate() || when.value().containsAggregate())
              || otherwise != null && otherwise.containsAggregate();
      case Column _, Literal _, Parameter _, Subquery _ -> false;
    };
  }

  default @Nullable Object evaluate(Scope scope) {
    return switch (this) {
      case Column(String name) -> {
        if (!scope.row().containsKey(name)) {
          throw new IllegalArgumentException("unknown column " + name);
        }
        yield scope.row().get(name);
      }
      case Literal(Object value) -> value;
      case Parameter(int index) -> scope.parameters()[index];
      case Not(Expression operand) -> {
        Object value = operand.evaluate(scope);
        yield value == null ? null : (Object) !isTrue(value);
      }
      case IsNull(Expression operand, boolean negated) ->
          (operand.evaluate(scope) == null) != negated;
      case In(Expression operand, List<Expression> values) -> {
        Object value = operand.evaluate(scope);
        yield value != null
            && values.stream().anyMatch(one -> compare(value, one.evaluate(scope)) == 0);
      }
      case Binary binary -> binary(binary, scope);
      case Call call -> call(call, scope);
      case Case(List<When> whens, Expression otherwise) ->
          whens.stream()
              .filter(when -> isTrue(when.condition().evaluate(scope)))
              .findFirst()
              .map(When::value)
              .or(() -> Optional.ofNullable(otherwise))
              .map(value -> value.evaluate(scope))
              .orElse(null);
      case Subquery(Statement.Query query, boolean exists) -> {
        List<Map<String, Object>> rows = scope.subqueries().select(query, scope.row());
        if (exists) {
          yield !rows.isEmpty();
        }
        if (rows.size() > 1) {
          throw new IllegalArgumentException("subquery with " + rows.size() + " rows");
        }
        yield rows.isEmpty() ? null : rows.getFirst().values().iterator().next();
      }
    };
  }

  private static @Nullable Object binary(Binary binary, Scope scope) {
    Object left = binary.left().evaluate(scope);
    if (binary.operator().equals("AND")) {
      return isTrue(left) && isTrue(binary.right().evaluate(scope));
    }
    if (binary.operator().equals("OR")) {
      return isTrue(left) || isTrue(binary.right().evaluate(scope));
    }
    Object right = binary.right().evaluate(scope);
    if (left == null || right == null) {
      return null;
    }
    return switch (binary.operator()) {
      case "=" -> compare(left, right) == 0;
      case "<>", "!=" -> compare(left, right) != 0;
      case "<" -> compare(left, right) < 0;
      case "<=" -> compare(left, right) <= 0;
      case ">" -> compare(left, right) > 0;
      case ">=" -> compare(left, right) >= 0;
      case "+" -> (Long) left + (Long) right;
      case "-" ->
          left instanceof LocalDateTime time
              ? time.minus((Duration) right)
              : (Object) ((Long) left - (Long) right);
      default -> throw new IllegalArgumentException(binary.operator());
    };
  }

  /// Compares values of one column. Null is the lowest value.
  @SuppressWarnings({"unchecked", "rawtypes"})
  static int compare(@Nullable Object left, @Nullable Object right) {
    if (left == null || right == null) {
      return left == right ? 0 : left == null ? -1 : 1;
    }
    if (left instanceof byte[] bytes) {
      return Arrays.compare(bytes, (byte[]) right);
    }
    if (left instanceof BigDecimal || right instanceof BigDecimal) {
      return new BigDecimal(left.toString()).compareTo(new BigDecimal(right.toString()));
    }
    if (left instanceof LocalDateTime time && right instanceof String text) {
      return time.compareTo(LocalDateTime.parse(text));
    }
    return ((Comparable) left).compareTo(right);
  }

  private static @Nullable Object call(Call call, Scope scope) {
    return switch (call.function()) {
      case "UTC_TIMESTAMP" -> scope.now();
      case "INTERVAL_MICROSECOND" ->
          Duration.of((Long) call.arguments().getFirst().evaluate(scope), ChronoUnit.MICROS);
      case "COALESCE" ->
          call.arguments().stream()
              .map(argument -> argument.evaluate(scope))
              .filter(value -> value != null)
              .findFirst()
              .orElse(null);
      case "FIND_IN_SET" -> {
        Object value = call.arguments().getFirst().evaluate(scope);
        Object list = call.arguments().getLast().evaluate(scope);
        yield value == null || list == null
            ? null
            : (Object) (1L + List.of(list.toString().split(",")).indexOf(value));
      }
      case "VALUES" -> scope.inserted().get(((Column) call.arguments().getFirst()).name());
      case "COUNT" -> (long) scope.group().size();
      case "MAX", "MIN", "SUM" -> {
        Expression argument = call.arguments().getFirst();
        List<Object> values =
            scope.group().stream()
                .map(row -> argument.evaluate(scope.withRow(row)))
                .filter(value -> value != null)
                .toList();
        if (values.isEmpty()) {
          yield null;
        }
        yield switch (call.function()) {
          case "MAX" -> values.stream().max(Expression::compare).get();
          case "MIN" -> values.stream().min(Expression::compare).get();
          default -> (Object) values.stream().mapToLong(value -> (Long) value).sum();
        };
      }
      default -> throw new IllegalArgumentException(call.function());
    };
  }
}
