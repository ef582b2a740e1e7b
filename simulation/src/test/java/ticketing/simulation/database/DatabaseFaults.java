package ticketing.simulation.database;

/// Faults of the database. All probabilities concern one statement, commit or rollback.
public final class DatabaseFaults {

  /// Refuses new connections and breaks the existing ones with their next statement.
  public boolean refusing;

  /// Probability that the connection breaks before the statement.
  public double lostRequest;

  /// Probability that the connection breaks after the statement; a commit is in doubt.
  public double lostAnswer;

  /// Rejects each write.
  public boolean readOnly;

  /// Probability that a statement ends its transaction as the victim of a deadlock.
  public double deadlock;

  /// Factor of the latency.
  public int slowness = 1;
}
