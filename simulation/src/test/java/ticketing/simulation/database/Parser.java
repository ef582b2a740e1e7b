package ticketing.simulation.database;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import ticketing.simulation.database.Statement.Assignment;
import ticketing.simulation.database.Statement.Locking;
import ticketing.simulation.database.Statement.Order;
import ticketing.simulation.database.Statement.Output;

/// Parser of the SQL that the production code uses. Other SQL is an error.
final class Parser {

  private static final Pattern TOKEN =
      Pattern.compile(
          "\\s*(?:(\\d+(?:\\.\\d+)?)|'((?:[^']|'')*)'|([A-Za-z_][A-Za-z0-9_]*)"
              + "|(<=|>=|<>|!=|[-+*=<>(),?.]))");
  private static final Set<String> AFTER_SOURCE =
      Set.of("WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "FOR", "JOIN", "LEFT", "ON", "UNION");
  private static final Map<String, Statement> PARSED = new ConcurrentHashMap<>();

  private record Token(char kind, String text) {} // n, s, w, o

  private final String sql;
  private final List<Token> tokens = new ArrayList<>();
  private int position;
  private int parameters;

  private Parser(String sql) {
    this.sql = sql;
    Matcher matcher = TOKEN.matcher(sql);
    int end = 0;
    while (end < sql.stripTrailing().length()) {
      if (!matcher.find(end) || matcher.start() != end) {
        throw new IllegalArgumentException("cannot parse: " + sql.substring(end));
      }
      if (matcher.group(1) != null) {
        tokens.add(new Token('n', matcher.group(1)));
      } else if (matcher.group(2) != null) {
        tokens.add(new Token('s', matcher.group(2).replace("''", "'")));
      } else if (matcher.group(3) != null) {
        tokens.add(new Token('w', matcher.group(3)));
      } else {
        tokens.add(new Token('o', matcher.group(4)));
      }
      end = matcher.end();
    }
    tokens.add(new Token('e', ""));
  }

  static Statement parse(String sql) {
    return PARSED.computeIfAbsent(sql, text -> new Parser(text).statement());
  }

  static Expression parseExpression(String sql) {
    return new Parser(sql).expression();
  }

  private boolean accept(String text) {
    if (tokens.get(position).kind() != 's' && tokens.get(position).text().equalsIgnoreCase(text)) {
      position++;
      return true;
    }
    return false;
  }

  private void expect(String text) {
    if (!accept(text)) {
      throw new IllegalArgumentException(
          "expected " + text + " at " + tokens.get(position).text() + " in " + sql);
    }
  }

  private String word() {
    Token token = tokens.get(position++);
    if (token.kind() != 'w') {
      throw new IllegalArgumentException("expected a name at " + token.text() + " in " + sql);
    }
    return token.text().toLowerCase(Locale.ROOT);
  }

  private Statement statement() {
    Statement statement;
    if (is("SELECT")) {
      statement = query();
    } else if (accept("INSERT")) {
      statement = insert();
    } else if (accept("UPDATE")) {
      String table = word();
      expect("SET");
      statement = new Statement.Update(table, assignments(), where());
    } else {
      expect("DELETE");
      expect("FROM");
      statement = new Statement.Delete(word(), where(), orders(), limit());
    }
    if (tokens.get(position).kind() != 'e') {
      throw new IllegalArgumentException(
          "unexpected " + tokens.get(position).text() + " in " + sql);
    }
    return statement;
  }

  private Statement.Query query() {
    List<Statement.Query> parts = new ArrayList<>(List.of(part()));
    boolean distinct = false;
    while (accept("UNION")) {
      distinct |= !accept("ALL");
      parts.add(part());
    }
    List<Order> orders = orders();
    Expression limit = limit();
    Locking locking = locking();
    if (parts.getFirst() instanceof Statement.Select select
        && parts.size() == 1
        && select.limit() == null
        && select.locking() == Locking.NONE) {
      return select.with(orders, limit, locking);
    }
    if (locking != Locking.NONE) {
      throw new IllegalArgumentException("lock of a union or of a part in " + sql);
    }
    return new Statement.Union(parts, distinct, orders, limit);
  }

  private Statement.Query part() {
    if (accept("(")) {
      Statement.Query inner = query();
      expect(")");
      return inner;
    }
    expect("SELECT");
    return select();
  }

  private Locking locking() {
    if (!accept("FOR")) {
      return Locking.NONE;
    }
    expect("UPDATE");
    if (accept("SKIP")) {
      expect("LOCKED");
      return Locking.SKIP_LOCKED;
    }
    return Locking.WAIT;
  }

  /// Part of a query ahead of `ORDER BY`.
  private Statement.Select select() {
    List<Output> outputs = new ArrayList<>();
    if (!accept("*")) {
      do {
        outputs.add(output());
      } while (accept(","));
    }
    Statement.Source source = accept("FROM") ? joined() : null;
    Expression where = where();
    List<Expression> groupBy = new ArrayList<>();
    if (accept("GROUP")) {
      expect("BY");
      do {
        groupBy.add(expression());
      } while (accept(","));
    }
    Expression having = accept("HAVING") ? expression() : null;
    return new Statement.Select(
        outputs, source, where, groupBy, having, List.of(), null, Locking.NONE);
  }

  private Output output() {
    Expression expression = expression();
    String label = "c" + position;
    if (expression instanceof Expression.Column column) {
      label = column.name().substring(column.name().indexOf('.') + 1);
    }
    return new Output(expression, accept("AS") ? word() : label);
  }

  private Statement.Source joined() {
    Statement.Source source = source();
    while (true) {
      boolean outer = accept("LEFT");
      if (!outer && !is("JOIN")) {
        return source;
      }
      expect("JOIN");
      Statement.Source right = source();
      expect("ON");
      source = new Statement.Source.Join(source, right, expression(), outer);
    }
  }

  private Statement.Source source() {
    Statement.Source source;
    if (accept("(")) {
      source = new Statement.Source.Derived(query());
      expect(")");
    } else {
      source = new Statement.Source.Named(word());
    }
    Token next = tokens.get(position);
    return next.kind() == 'w' && !AFTER_SOURCE.contains(next.text().toUpperCase(Locale.ROOT))
        ? new Statement.Source.Aliased(source, word())
        : source;
  }

  private boolean is(String text) {
    return tokens.get(position).text().equalsIgnoreCase(text);
  }

  private Statement insert() {
    expect("INTO");
    String table = word();
    List<String> columns = new ArrayList<>();
    expect("(");
    do {
      columns.add(word());
    } while (accept(","));
    expect(")");
    expect("VALUES");
    expect("(");
    List<Expression> values = new ArrayList<>();
    do {
      values.add(expression());
    } while (accept(","));
    expect(")");
    List<Assignment> onDuplicate = List.of();
    if (accept("ON")) {
      expect("DUPLICATE");
      expect("KEY");
      expect("UPDATE");
      onDuplicate = assignments();
    }
    return new Statement.Insert(table, columns, values, onDuplicate);
  }

  private List<Assignment> assignments() {
    List<Assignment> assignments = new ArrayList<>();
    do {
      String column = word();
      expect("=");
      assignments.add(new Assignment(column, expression()));
    } while (accept(","));
    return assignments;
  }

  private @Nullable Expression where() {
    return accept("WHERE") ? expression() : null;
  }

  private List<Order> orders() {
    List<Order> orders = new ArrayList<>();
    if (accept("ORDER")) {
      expect("BY");
      do {
        Expression expression = expression();
        boolean descending = accept("DESC");
        orders.add(new Order(expression, descending));
        accept("ASC");
      } while (accept(","));
    }
    return orders;
  }

  private @Nullable Expression limit() {
    return accept("LIMIT") ? expression() : null;
  }

  private Expression expression() {
    Expression left = conjunction();
    while (accept("OR")) {
      left = new Expression.Binary("OR", left, conjunction());
    }
    return left;
  }

  private Expression conjunction() {
    Expression left = negation();
    while (accept("AND")) {
      left = new Expression.Binary("AND", left, negation());
    }
    return left;
  }

  private Expression negation() {
    return accept("NOT") ? new Expression.Not(negation()) : comparison();
  }

  private Expression comparison() {
    Expression left = sum();
    if (accept("IS")) {
      boolean negated = accept("NOT");
      expect("NULL");
      return new Expression.IsNull(left, negated);
    }
    if (accept("IN")) {
      expect("(");
      List<Expression> values = new ArrayList<>();
      do {
        values.add(expression());
      } while (accept(","));
      expect(")");
      return new Expression.In(left, values);
    }
    for (String operator : List.of("<=", ">=", "<>", "!=", "=", "<", ">")) {
      if (accept(operator)) {
        return new Expression.Binary(operator, left, sum());
      }
    }
    return left;
  }

  private Expression sum() {
    Expression left = primary();
    while (true) {
      if (accept("+")) {
        left = new Expression.Binary("+", left, primary());
      } else if (accept("-")) {
        left = new Expression.Binary("-", left, primary());
      } else {
        return left;
      }
    }
  }

  private Expression primary() {
    Token token = tokens.get(position++);
    switch (token.kind()) {
      case 'n' -> {
        return new Expression.Literal(
            token.text().contains(".")
                ? (Object) new BigDecimal(token.text())
                : (Object) Long.valueOf(token.text()));
      }
      case 's' -> {
        return new Expression.Literal(token.text());
      }
      case 'w' -> {
        if (token.text().equalsIgnoreCase("NULL")) {
          return new Expression.Literal(null);
        }
        if (token.text().equalsIgnoreCase("INTERVAL")) {
          Expression amount = primary();
          return new Expression.Call(
              "INTERVAL_" + word().toUpperCase(Locale.ROOT), List.of(amount));
        }
        if (token.text().equalsIgnoreCase("CASE")) {
          return cases();
        }
        if (accept(".")) {
          return new Expression.Column(token.text().toLowerCase(Locale.ROOT) + '.' + word());
        }
        if (!accept("(")) {
          return new Expression.Column(token.text().toLowerCase(Locale.ROOT));
        }
        if (token.text().equalsIgnoreCase("EXISTS")) {
          return subquery(true);
        }
        List<Expression> arguments = new ArrayList<>();
        if (!accept(")")) {
          do {
            arguments.add(accept("*") ? new Expression.Literal(1L) : expression());
          } while (accept(","));
          expect(")");
        }
        return new Expression.Call(token.text().toUpperCase(Locale.ROOT), arguments);
      }
      default -> {
        if (token.text().equals("?")) {
          return new Expression.Parameter(parameters++);
        }
        if (token.text().equals("(")) {
          if (is("SELECT")) {
            return subquery(false);
          }
          Expression inner = expression();
          expect(")");
          return inner;
        }
        throw new IllegalArgumentException("unexpected " + token.text() + " in " + sql);
      }
    }
  }

  /// A subquery after its opening parenthesis.
  private Expression subquery(boolean exists) {
    Statement.Query query = query();
    expect(")");
    return new Expression.Subquery(query, exists);
  }

  private Expression cases() {
    List<Expression.When> whens = new ArrayList<>();
    while (accept("WHEN")) {
      Expression condition = expression();
      expect("THEN");
      whens.add(new Expression.When(condition, expression()));
    }
    Expression otherwise = accept("ELSE") ? expression() : null;
    expect("END");
    return new Expression.Case(whens, otherwise);
  }
}
