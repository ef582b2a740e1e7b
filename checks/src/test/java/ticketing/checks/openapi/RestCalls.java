package ticketing.checks.openapi;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// Text of `docs/reference/rest-calls.md`: one table of calls for each tag of the OpenAPI document.
final class RestCalls {

  private static final String HEAD =
      """
      <!-- Generated from the OpenAPI document: mvn -pl checks test -Drest.write=true -->

      # REST calls

      The rules that all calls share are in [REST](rest.md). Error statuses are described in [errors](errors.md).
      """;

  private static final List<String> METHODS = List.of("get", "post", "put", "delete");

  private final Map<String, Object> document;

  private RestCalls(Map<String, Object> document) {
    this.document = document;
  }

  /// @throws IllegalStateException if an operation has no tag, summary or response
  static String generate(Path file) throws IOException {
    return new RestCalls(YamlTree.read(file)).page();
  }

  private String page() {
    Map<String, List<String>> rows = new LinkedHashMap<>();
    YamlTree.list(document, "tags")
        .forEach(tag -> rows.put(YamlTree.text(YamlTree.map(tag), "name"), new ArrayList<>()));
    YamlTree.child(document, "paths")
        .forEach((path, item) -> {
          for (String method : METHODS) {
            if (YamlTree.map(item).get(method) != null) {
              Map<String, Object> operation = YamlTree.child(YamlTree.map(item), method);
              rows.get(YamlTree.list(operation, "tags").getFirst())
                  .add(row(method, path, YamlTree.map(item), operation));
            }
          }
        });
    StringBuilder page = new StringBuilder(HEAD);
    rows.forEach((tag, calls) -> {
      page.append("\n## ").append(tag).append("\n\n");
      page.append(
          "| call | authentication | result | errors | description |\n|---|---|---|---|---|\n");
      calls.forEach(page::append);
    });
    return page.toString();
  }

  private String row(
      String method, String path, Map<String, Object> item, Map<String, Object> operation) {
    List<String> statuses = List.copyOf(YamlTree.child(operation, "responses").keySet());
    return "| `%s %s%s` | %s | %s | %s | %s |\n"
        .formatted(
            method.toUpperCase(Locale.ROOT),
            path,
            query(item, operation),
            isPublic(operation) ? "none" : "token",
            statuses.stream().filter(RestCalls::isSuccess).collect(Collectors.joining(", ")),
            statuses.stream()
                .filter(status -> !isSuccess(status))
                .collect(Collectors.joining(", ")),
            description(operation));
  }

  private String query(Map<String, Object> item, Map<String, Object> operation) {
    List<Object> parameters = new ArrayList<>(YamlTree.list(item, "parameters"));
    parameters.addAll(YamlTree.list(operation, "parameters"));
    String names =
        parameters.stream()
            .map(parameter -> resolve(YamlTree.map(parameter)))
            .filter(parameter -> "query".equals(parameter.get("in")))
            .map(parameter -> YamlTree.text(parameter, "name") + "=")
            .collect(Collectors.joining("&"));
    return names.isEmpty() ? "" : "?" + names;
  }

  private static boolean isPublic(Map<String, Object> operation) {
    return operation.get("security") instanceof List<?> schemes && schemes.isEmpty();
  }

  private static boolean isSuccess(String status) {
    return status.charAt(0) < '4';
  }

  private static String description(Map<String, Object> operation) {
    String summary = YamlTree.text(operation, "summary") + ".";
    Object details = operation.get("description");
    return (details == null ? summary : summary + " " + details)
        .strip()
        .replaceAll("\\s+", " ")
        .replace("|", "\\|");
  }

  private Map<String, Object> resolve(Map<String, Object> parameter) {
    Object reference = parameter.get("$ref");
    if (reference == null) {
      return parameter;
    }
    String name = reference.toString().substring("#/components/parameters/".length());
    return YamlTree.child(
        YamlTree.child(YamlTree.child(document, "components"), "parameters"), name);
  }
}
