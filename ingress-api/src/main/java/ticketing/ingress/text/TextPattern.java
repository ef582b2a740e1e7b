package ticketing.ingress.text;

/// Constraints of text in request bodies.
public final class TextPattern {

  /// Rejects control characters and lone surrogates, which the database cannot store as sent.
  public static final String REGEXP = "[^\\p{Cc}\\p{Cs}]*";

  /// As [#REGEXP], with line feeds and tabulators.
  public static final String LINES_REGEXP = "[\\n\\t[^\\p{Cc}\\p{Cs}]]*";

  public static final String MESSAGE = "must not contain control characters";

  private TextPattern() {}
}
