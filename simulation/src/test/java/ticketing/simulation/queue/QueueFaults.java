package ticketing.simulation.queue;

/// Faults of the queue. All probabilities concern one call or one message.
public final class QueueFaults {

  /// Refuses connections.
  public boolean refusing;

  /// Probability that a request is lost; the caller gets a timeout.
  public double lostRequest;

  /// Probability that an answer is lost; the call has its effect.
  public double lostAnswer;

  /// Probability that the request of a send is lost.
  public double lostSendRequest;

  /// Probability that the answer of a send is lost; the messages are stored.
  public double lostSendAnswer;

  /// Probability that an entry of a batch fails.
  public double failedEntry;

  /// Probability that a sent message is stored twice.
  public double duplicate;

  /// Probability that an invisible message is delivered.
  public double earlyDelivery;

  /// Probability that a message becomes visible late, up to two seconds.
  public double delay;

  /// Probability that a sent message goes to the dead-letter queue, and a late copy to the queue.
  public double deadLetter;

  /// Factor of the latency.
  public int slowness = 1;
}
