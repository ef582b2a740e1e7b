package ticketing.worker.audit;

/// Result of the audit of one event.
public sealed interface AuditResult {

  long eventId();

  /// Each row follows from the rows ahead of it.
  ///
  /// @param steps number of decisions, expiries and states
  record Explained(long eventId, long steps) implements AuditResult {}

  /// First row that does not follow from the rows ahead of it.
  record Unexplained(long eventId, Difference difference) implements AuditResult {}

  /// The event has no complete history.
  record Skipped(long eventId, String cause) implements AuditResult {}

  /// @param row table and key of the row
  record Difference(String row, String found, String expected) {
    @Override
    public String toString() {
      return "row=%s found=[%s] expected=[%s]".formatted(row, found, expected);
    }
  }
}
