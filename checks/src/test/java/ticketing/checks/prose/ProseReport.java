package ticketing.checks.prose;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/// Figures of the prose of a tree, with the places that break a rule.
///
/// @param words words of comments, descriptions and Markdown
/// @param docsWords words of `docs/` without generated files
/// @param sentences sentences of all passages
/// @param comments comments of source files
/// @param testNames names of tests
/// @param findings places in the order of the files
record ProseReport(
    int words, int docsWords, int sentences, int comments, int testNames, List<Finding> findings) {

  ProseReport {
    findings = List.copyOf(findings);
  }

  int count(Rule rule) {
    return rule == Rule.DOCS_SIZE
        ? docsWords
        : (int) findings.stream().filter(finding -> finding.rule() == rule).count();
  }

  int total(Rule rule) {
    return switch (rule) {
      case STORY_WORD -> words;
      case LONG_SENTENCE -> sentences;
      case OPENING -> comments;
      case TEST_NAME -> testNames;
      case DOCS_SIZE -> Rule.MAX_DOCS_WORDS;
    };
  }

  boolean isBroken(Rule rule) {
    return rule.isBroken(count(rule), total(rule));
  }

  /// Places that break a rule beyond its limit; empty if each limit holds.
  List<String> violations() {
    List<String> places =
        findings.stream()
            .filter(finding -> isBroken(finding.rule()))
            .map(Finding::toString)
            .toList();
    return isBroken(Rule.DOCS_SIZE)
        ? Stream.concat(places.stream(), Stream.of("docs/: " + docsWords + " words")).toList()
        : places;
  }

  @Override
  public String toString() {
    StringBuilder figures = new StringBuilder("prose");
    for (Rule rule : Rule.values()) {
      figures.append(
          " %s=%d/%d".formatted(rule.name().toLowerCase(Locale.ROOT), count(rule), total(rule)));
    }
    return figures.toString();
  }
}
