package ticketing.queue;

/// Quotas of Amazon SQS (Developer Guide, "Amazon SQS message quotas").
public final class SqsLimits {

  /// Messages in one batch call, and in one receive.
  public static final int MAX_BATCH_SIZE = 10;

  /// Bytes of all messages of one batch call, bodies and attributes together.
  public static final int MAX_BATCH_BYTES = 1_048_576;

  private SqsLimits() {}
}
