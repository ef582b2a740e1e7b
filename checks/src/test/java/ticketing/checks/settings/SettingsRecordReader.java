package ticketing.checks.settings;

import com.sun.source.doctree.DocCommentTree;
import com.sun.source.doctree.ParamTree;
import com.sun.source.tree.AnnotationTree;
import com.sun.source.tree.AssignmentTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.NewArrayTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/// Reads the `@ConfigurationProperties` records of a source folder by the parser of the compiler.
final class SettingsRecordReader extends TreePathScanner<Void, DocTrees> {

  private static final Map<String, String> TYPES =
      Map.ofEntries(
          Map.entry("int", "integer"),
          Map.entry("long", "integer"),
          Map.entry("Integer", "integer"),
          Map.entry("double", "number"),
          Map.entry("boolean", "true or false"),
          Map.entry("Boolean", "true or false"),
          Map.entry("String", "text"),
          Map.entry("URI", "URL"),
          Map.entry("Duration", "duration"),
          Map.entry("DataSize", "size"),
          Map.entry("List<String>", "list"));

  private final Map<String, ClassTree> types = new LinkedHashMap<>();
  private final Map<String, Map<String, String>> descriptions = new HashMap<>();

  private SettingsRecordReader() {}

  static List<SettingsRecord> read(Path sources) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    SettingsRecordReader reader = new SettingsRecordReader();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null);
        Stream<Path> tree = Files.walk(sources)) {
      List<Path> records = new ArrayList<>();
      for (Path file : tree.filter(path -> path.toString().endsWith(".java")).sorted().toList()) {
        if (Files.readString(file).contains("@ConfigurationProperties(")) {
          records.add(file);
        }
      }
      JavacTask task =
          (JavacTask)
              compiler.getTask(
                  null, files, null, null, null, files.getJavaFileObjectsFromPaths(records));
      DocTrees docs = DocTrees.instance(task);
      for (CompilationUnitTree unit : task.parse()) {
        reader.scan(unit, docs);
      }
    }
    return reader.records();
  }

  @Override
  public Void visitClass(ClassTree type, DocTrees docs) {
    String name = type.getSimpleName().toString();
    types.put(name, type);
    DocCommentTree comment = docs.getDocCommentTree(getCurrentPath());
    Map<String, String> parameters = new HashMap<>();
    if (comment != null) {
      comment.getBlockTags().stream()
          .filter(ParamTree.class::isInstance)
          .map(ParamTree.class::cast)
          .forEach(tag ->
              parameters.put(
                  tag.getName().toString(),
                  tag.getDescription().stream()
                      .map(Object::toString)
                      .collect(Collectors.joining())
                      .replaceAll("\\s+", " ")
                      .strip()));
    }
    descriptions.put(name, parameters);
    return super.visitClass(type, docs);
  }

  private List<SettingsRecord> records() {
    List<SettingsRecord> records = new ArrayList<>();
    types.forEach((name, type) ->
        annotation(type.getModifiers().getAnnotations(), "ConfigurationProperties")
            .ifPresent(properties -> {
              List<SettingsRecord.Property> list = new ArrayList<>();
              addProperties(type, "", list);
              records.add(new SettingsRecord(value(properties, "value"), name, list));
            }));
    return records;
  }

  /// A nested type of the record has priority: several records have a type of the same name.
  private static Optional<ClassTree> nestedType(ClassTree type, String name) {
    return type.getMembers().stream()
        .filter(ClassTree.class::isInstance)
        .map(ClassTree.class::cast)
        .filter(member -> member.getSimpleName().contentEquals(name))
        .findFirst();
  }

  private void addProperties(ClassTree type, String prefix, List<SettingsRecord.Property> list) {
    for (Tree member : type.getMembers()) {
      if (!(member instanceof VariableTree component)
          || component.getModifiers().getFlags().contains(Modifier.STATIC)) {
        continue;
      }
      String name = prefix + kebab(component.getName().toString());
      String javaType = component.getType().toString();
      ClassTree nested = nestedType(type, javaType).orElse(types.get(javaType));
      if (nested != null && nested.getKind() != Tree.Kind.ENUM) {
        addProperties(nested, name + ".", list);
        continue;
      }
      List<? extends AnnotationTree> annotations = component.getModifiers().getAnnotations();
      list.add(
          new SettingsRecord.Property(
              name,
              nested == null
                  ? TYPES.getOrDefault(javaType, javaType) + range(annotations)
                  : constants(nested),
              annotation(annotations, "DefaultValue").map(a -> value(a, "value")).orElse(""),
              descriptions
                  .get(type.getSimpleName().toString())
                  .getOrDefault(component.getName().toString(), "")));
    }
  }

  /// Constants of an enum in the form of a property value.
  private static String constants(ClassTree type) {
    return type.getMembers().stream()
        .filter(VariableTree.class::isInstance)
        .map(constant -> ((VariableTree) constant).getName().toString())
        .map(name -> "`" + name.toLowerCase(Locale.ROOT).replace('_', '-') + "`")
        .collect(Collectors.joining(", "));
  }

  private static String range(List<? extends AnnotationTree> annotations) {
    String min = "";
    String max = "";
    String other = "";
    for (AnnotationTree each : annotations) {
      switch (each.getAnnotationType().toString()) {
        case "Min", "DecimalMin", "DurationMin" -> min = bound(each);
        case "Max", "DecimalMax", "DurationMax" -> max = bound(each);
        case "Positive" -> other = ", above 0";
        case "PositiveOrZero" -> other = ", 0 or above";
        case "NotBlank", "NotEmpty" -> other = ", not empty";
        case "Pattern" -> other = ", `" + value(each, "regexp").replace("|", "\\|") + "`";
        default -> {
          // Other annotations state no range.
        }
      }
    }
    if (!min.isEmpty() && !max.isEmpty()) {
      return ", " + min + " to " + max;
    }
    return (min.isEmpty() ? "" : ", at least " + min)
        + (max.isEmpty() ? "" : ", at most " + max)
        + other;
  }

  private static String bound(AnnotationTree annotation) {
    return annotation.getArguments().stream()
        .map(argument -> {
          if (argument instanceof AssignmentTree assignment) {
            String unit =
                switch (assignment.getVariable().toString()) {
                  case "millis" -> " ms";
                  case "seconds" -> " s";
                  case "minutes" -> " min";
                  case "hours" -> " h";
                  case "days" -> " d";
                  case "value" -> "";
                  default -> null;
                };
            return unit == null ? "" : text(assignment.getExpression()) + unit;
          }
          return text(argument);
        })
        .filter(bound -> !bound.isEmpty())
        .collect(Collectors.joining(" "));
  }

  private static Optional<? extends AnnotationTree> annotation(
      List<? extends AnnotationTree> annotations, String name) {
    return annotations.stream()
        .filter(each -> each.getAnnotationType().toString().equals(name))
        .findFirst();
  }

  private static String value(AnnotationTree annotation, String name) {
    for (ExpressionTree argument : annotation.getArguments()) {
      if (!(argument instanceof AssignmentTree assignment)) {
        return text(argument);
      }
      if (assignment.getVariable().toString().equals(name)) {
        return text(assignment.getExpression());
      }
    }
    return "";
  }

  private static String text(ExpressionTree expression) {
    return switch (expression) {
      case LiteralTree literal -> String.valueOf(literal.getValue());
      case NewArrayTree array ->
          array.getInitializers().stream()
              .map(SettingsRecordReader::text)
              .collect(Collectors.joining(","));
      default -> expression.toString();
    };
  }

  static String kebab(String name) {
    return name.replaceAll("(?<=[a-z0-9])(?=[A-Z])", "-").toLowerCase(Locale.ROOT);
  }
}
