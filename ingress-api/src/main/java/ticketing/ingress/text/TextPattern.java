package ticketing.ingress.text;

/// Constraint of single-line text in request bodies.
public final class TextPattern {

  /// Rejects control characters and lone surrogates, which the database cannot store as sent.
  public static final String REGEXP = "[^\\p{Cc}\\p{Cs}]*";

  public static final String MESSAGE = "must not contain control characters";

  private TextPattern() {}
}
