package ticketing.checks.openapi;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/// Text of `docs/reference/error-codes.md`: the property `x-codes` of the schemas `ErrorCode` and
/// `Reason`.
final class ErrorCodes {

  private static final String HEAD =
      """
      <!-- Generated from the OpenAPI document: mvn -pl checks test -Drest.write=true -->

      # Error codes

      [Errors](errors.md) describes the answers that contain these codes.

      ## Error answers

      | code | status | meaning | action |
      |---|---|---|---|
      """;

  private static final String REASONS =
      """

      ## Reasons of a rejected ticket

      | reason | meaning | action |
      |---|---|---|
      """;

  private ErrorCodes() {}

  /// @throws IllegalStateException if a code has no status, meaning or action
  static String generate(Path file) throws IOException {
    Map<String, Object> schemas =
        YamlTree.child(YamlTree.child(YamlTree.read(file), "components"), "schemas");
    StringBuilder page = new StringBuilder(HEAD);
    codes(schemas, "ErrorCode")
        .forEach((code, text) ->
            page.append(
                "| `%s` | %s | %s\n"
                    .formatted(code, status(YamlTree.map(text)), texts(YamlTree.map(text)))));
    page.append(REASONS);
    codes(schemas, "Reason")
        .forEach((code, text) ->
            page.append("| `%s` | %s\n".formatted(code, texts(YamlTree.map(text)))));
    return page.toString();
  }

  private static Map<String, Object> codes(Map<String, Object> schemas, String schema) {
    return YamlTree.child(YamlTree.child(schemas, schema), "x-codes");
  }

  private static int status(Map<String, Object> code) {
    if (code.get("status") instanceof Integer status) {
      return status;
    }
    throw new IllegalStateException("property missing, name=status in " + code);
  }

  private static String texts(Map<String, Object> code) {
    return YamlTree.text(code, "meaning") + " | " + YamlTree.text(code, "action") + " |";
  }
}
