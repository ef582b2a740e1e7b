package ticketing.checks.prose;

/// One comment or one paragraph of Markdown.
///
/// @param line line of the file on which the text starts, from 1
/// @param text text without comment markers; line breaks are kept
/// @param comment true for a comment of a source file, false for Markdown and descriptions
record Passage(int line, String text, boolean comment) {

  /// Line of the file at a position of the text.
  int lineAt(int position) {
    return line + (int) text.substring(0, position).chars().filter(c -> c == '\n').count();
  }
}
