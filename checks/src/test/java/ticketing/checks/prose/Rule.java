package ticketing.checks.prose;

/// Rules of prose, each with a share that its findings must not reach.
enum Rule {
  /// Words of `story-words.txt`, as a share of all words.
  STORY_WORD(0.001),
  /// Sentences of more than 40 words, as a share of all sentences.
  LONG_SENTENCE(0.02),
  /// Comments that open with a question word, `Of` or `Nothing`, as a share of all comments.
  OPENING(0.005),
  /// Test names of more than 8 words or with a story word; none is permitted.
  TEST_NAME(0),
  /// Words of `docs/` without generated files, as a share of 18,000.
  DOCS_SIZE(1);

  /// Most words of a sentence.
  static final int MAX_SENTENCE_WORDS = 40;

  /// Most words of a test name.
  static final int MAX_TEST_NAME_WORDS = 8;

  /// Most words of `docs/` without generated files.
  static final int MAX_DOCS_WORDS = 18_000;

  private final double limit;

  Rule(double limit) {
    this.limit = limit;
  }

  boolean isBroken(int count, int total) {
    return limit == 0 ? count > 0 : count > 0 && count >= limit * total;
  }
}
