package ticketing.checks.prose;

/// One place that breaks a rule.
///
/// @param rule the broken rule
/// @param file path relative to the root of the project
/// @param line line of the file, from 1
/// @param excerpt the word or the start of the text
record Finding(Rule rule, String file, int line, String excerpt) {

  @Override
  public String toString() {
    return "%s:%d: %s: %s".formatted(file, line, rule, excerpt.strip().replaceAll("\\s+", " "));
  }
}
