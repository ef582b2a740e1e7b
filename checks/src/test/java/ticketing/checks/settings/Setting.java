package ticketing.checks.settings;

/// One setting of a process.
///
/// @param name property name in kebab case
/// @param variable environment variable that sets it
/// @param type kind of value with its range, such as `integer, 1 to 100`
/// @param defaultValue value without the variable; empty if there is none
/// @param description one paragraph
record Setting(String name, String variable, String type, String defaultValue, String description) {

  /// Row of a Markdown table.
  String row() {
    return "| `%s` | `%s` | %s | %s | %s |"
        .formatted(
            name,
            variable,
            type,
            defaultValue.isEmpty() ? "" : "`" + defaultValue + "`",
            description.replace("|", "\\|"));
  }
}
