package ticketing.simulation.database;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;

/// Tables of the migrations of the production code: columns, defaults, unique keys and checks.
/// Changes of types, indexes and rows have no effect here.
final class Schema {

  private static final String FOLDER = "db/migration/";
  private static final Pattern CREATE =
      Pattern.compile("CREATE TABLE (\\w+)\\s*\\((.*)\\)[^)]*", Pattern.DOTALL);
  private static final Pattern ALTER = Pattern.compile("ALTER TABLE (\\w+)\\s(.*)", Pattern.DOTALL);
  private static final Pattern RENAME = Pattern.compile("RENAME TABLE (\\w+) TO (\\w+)");
  private static final Pattern KEY =
      Pattern.compile("(?:PRIMARY KEY|UNIQUE KEY \\w+)\\s*\\((.*)\\)", Pattern.DOTALL);
  private static final Pattern CHECK = Pattern.compile("CONSTRAINT \\w+ CHECK \\((.*)\\)");
  private static final Pattern DEFAULT =
      Pattern.compile(" DEFAULT ('[^']*'|-?\\d+|\\(?(?:CURRENT|UTC)_TIMESTAMP)");
  private static final Pattern NO_COLUMN =
      Pattern.compile("(?:KEY|INDEX|CONSTRAINT|PRIMARY|UNIQUE)\\b.*", Pattern.DOTALL);

  private static final class Definition {
    final Map<String, @Nullable Expression> columns = new LinkedHashMap<>();
    final List<List<String>> keys = new ArrayList<>();
    final List<Expression> checks = new ArrayList<>();
    @Nullable String autoIncrement;
  }

  private final Map<String, Definition> definitions = new TreeMap<>();

  private static final Schema CURRENT = new Schema();

  private Schema() {
    read().forEach(this::apply);
  }

  /// Returns the tables without rows.
  static List<Table> tables() {
    return CURRENT.definitions.entrySet().stream()
        .map(entry ->
            new Table(
                entry.getKey(),
                entry.getValue().autoIncrement,
                entry.getValue().keys,
                entry.getValue().checks,
                entry.getValue().columns))
        .toList();
  }

  /// Statements of all migrations, in their order.
  private static List<String> read() {
    List<String> statements = new ArrayList<>();
    try {
      for (Resource resource :
          Arrays.stream(
                  new PathMatchingResourcePatternResolver(Schema.class.getClassLoader())
                      .getResources("classpath*:" + FOLDER + "V*.sql"))
              .sorted((a, b) -> Integer.compare(version(a), version(b)))
              .toList()) {
        try (InputStream in = resource.getInputStream()) {
          String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
          for (String statement : text.replaceAll("--[^\n]*", "").split(";")) {
            statements.add(statement.strip());
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return statements;
  }

  private static int version(Resource migration) {
    String name = migration.getFilename();
    return Integer.parseInt(name.substring(1, name.indexOf("__")));
  }

  private void apply(String statement) {
    Matcher create = CREATE.matcher(statement);
    Matcher alter = ALTER.matcher(statement);
    Matcher rename = RENAME.matcher(statement);
    if (create.matches()) {
      Definition table = new Definition();
      parts(create.group(2)).forEach(part -> add(table, part));
      definitions.put(create.group(1), table);
    } else if (alter.matches()) {
      Definition table = definitions.get(alter.group(1));
      parts(alter.group(2)).forEach(part -> alter(table, part));
    } else if (rename.matches()) {
      definitions.put(rename.group(2), definitions.remove(rename.group(1)));
    }
  }

  /// Parts between commas outside of parentheses and quotes.
  private static List<String> parts(String list) {
    List<String> parts = new ArrayList<>();
    int depth = 0;
    boolean quoted = false;
    int start = 0;
    for (int i = 0; i < list.length(); i++) {
      char c = list.charAt(i);
      quoted ^= c == '\'';
      depth += quoted ? 0 : c == '(' ? 1 : c == ')' ? -1 : 0;
      if (c == ',' && depth == 0 && !quoted) {
        parts.add(list.substring(start, i).strip());
        start = i + 1;
      }
    }
    parts.add(list.substring(start).strip());
    return parts;
  }

  private static void add(Definition table, String part) {
    Matcher key = KEY.matcher(part);
    Matcher check = CHECK.matcher(part);
    if (key.matches()) {
      table.keys.add(Arrays.stream(key.group(1).split(",")).map(String::strip).toList());
    } else if (check.matches()) {
      table.checks.add(Parser.parseExpression(check.group(1)));
    } else if (!NO_COLUMN.matcher(part).matches()) {
      String name = part.split("\\s", 2)[0].toLowerCase(Locale.ROOT);
      table.columns.put(name, defaultValue(part));
      if (part.contains("AUTO_INCREMENT")) {
        table.autoIncrement = name;
      }
    }
  }

  private static @Nullable Expression defaultValue(String column) {
    Matcher matcher = DEFAULT.matcher(column);
    if (!matcher.find()) {
      return null;
    }
    String value = matcher.group(1);
    return Parser.parseExpression(value.endsWith("TIMESTAMP") ? "UTC_TIMESTAMP(6)" : value);
  }

  private static void alter(Definition table, String part) {
    String[] words = part.split("\\s+", 4);
    switch (words[0] + " " + words[1]) {
      case "ADD COLUMN" -> add(table, part.substring(part.indexOf(words[2])));
      case "ADD UNIQUE", "ADD CONSTRAINT", "ADD PRIMARY" ->
          add(table, part.substring(words[0].length()).strip());
      case "ALTER COLUMN" ->
          table.columns.put(words[2], defaultValue(" " + words[3].replace("SET ", "")));
      case "RENAME COLUMN" -> rename(table, words[2], words[3].replaceFirst("TO\\s+", ""));
      case "DROP COLUMN" -> table.columns.remove(words[2]);
      case "ADD INDEX", "ADD KEY", "DROP INDEX", "DROP KEY", "RENAME INDEX", "MODIFY COLUMN" -> {}
      default -> throw new IllegalArgumentException("unknown change of a table: " + part);
    }
  }

  private static void rename(Definition table, String from, String to) {
    Map<String, @Nullable Expression> columns = new LinkedHashMap<>(table.columns);
    table.columns.clear();
    columns.forEach((name, value) -> table.columns.put(name.equals(from) ? to : name, value));
    table.keys.replaceAll(
        key -> key.stream().map(column -> column.equals(from) ? to : column).toList());
  }
}
