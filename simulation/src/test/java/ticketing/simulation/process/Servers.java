package ticketing.simulation.process;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import ticketing.simulation.database.DatabaseFaults;
import ticketing.simulation.database.SimulatedDatabase;
import ticketing.simulation.kernel.Kernel;
import ticketing.simulation.queue.QueueFaults;
import ticketing.simulation.queue.SimulatedQueue;
import ticketing.simulation.redis.RedisFaults;
import ticketing.simulation.redis.SimulatedRedis;

/// Simulated servers of one run, and their faults.
public final class Servers {

  public static final String QUEUE = "ticketing-bookings";
  public static final String DEAD_LETTERS = QUEUE + "-dlq";

  private static final int VISIBILITY_SECONDS = 6;
  private static final int MAX_RECEIVES = 5;

  public final Kernel kernel;
  public final DatabaseFaults databaseFaults = new DatabaseFaults();
  public final QueueFaults queueFaults = new QueueFaults();
  public final RedisFaults redisFaults = new RedisFaults();
  public final SimulatedDatabase database;
  public final SimulatedRedis redis;
  public final SimulatedQueue queue;
  public final SimulatedQueue deadLetters;

  /// Bodies of the messages that an operator has redriven.
  public final Set<String> redriven = new HashSet<>();

  final Map<String, SimulatedQueue> queues;

  public Servers(Kernel kernel) {
    this.kernel = kernel;
    database = new SimulatedDatabase(kernel, databaseFaults);
    redis = new SimulatedRedis(kernel);
    deadLetters =
        new SimulatedQueue(
            kernel, DEAD_LETTERS, queueFaults, VISIBILITY_SECONDS, Integer.MAX_VALUE, null);
    queue =
        new SimulatedQueue(
            kernel, QUEUE, queueFaults, VISIBILITY_SECONDS, MAX_RECEIVES, deadLetters);
    queues = Map.of(QUEUE, queue, DEAD_LETTERS, deadLetters);
  }
}
