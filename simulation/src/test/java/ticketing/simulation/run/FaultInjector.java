package ticketing.simulation.run;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import ticketing.simulation.plan.Fault;
import ticketing.simulation.plan.Plan;
import ticketing.simulation.process.Servers;

/// Start and end of faults.
final class FaultInjector {

  private static final long REDRIVE_DELAY = TimeUnit.MILLISECONDS.toNanos(100);

  private FaultInjector() {}

  /// Schedules the start and the end of a fault. A fault of the start of the run begins now.
  static void schedule(Fault fault, Fleet fleet) {
    if (fault.isInitial()) {
      start(fault, fleet);
      return;
    }
    long at = TimeUnit.MILLISECONDS.toNanos(Plan.START_MILLIS + fault.atMillis());
    fleet.kernel().schedule(at, () -> start(fault, fleet));
    fleet
        .kernel()
        .schedule(at + TimeUnit.MILLISECONDS.toNanos(fault.forMillis()), () -> end(fault, fleet));
  }

  private static void start(Fault fault, Fleet fleet) {
    Servers servers = fleet.servers();
    int target = fault.target();
    double strength = fault.strength();
    fleet
        .kernel()
        .log()
        .add("fault", fault.kind() + " " + target + " for " + fault.forMillis() + "ms");
    switch (fault.kind()) {
      case QUEUE_DOWN -> servers.queueFaults.refusing = true;
      case QUEUE_REQUEST_LOST -> servers.queueFaults.lostRequest = strength;
      case QUEUE_ANSWER_LOST -> servers.queueFaults.lostAnswer = strength;
      case QUEUE_SEND_REQUEST_LOST -> servers.queueFaults.lostSendRequest = strength;
      case QUEUE_SEND_ANSWER_LOST -> servers.queueFaults.lostSendAnswer = strength;
      case QUEUE_ENTRY_FAILED -> servers.queueFaults.failedEntry = strength;
      case QUEUE_DUPLICATE -> servers.queueFaults.duplicate = strength;
      case QUEUE_EARLY_DELIVERY -> servers.queueFaults.earlyDelivery = strength;
      case QUEUE_DELAY -> servers.queueFaults.delay = strength;
      case QUEUE_SLOW -> servers.queueFaults.slowness = (int) (1 + 300 * strength);
      case QUEUE_DEAD_LETTER -> servers.queueFaults.deadLetter = strength;
      case QUEUE_UNREADABLE -> servers.queue.storeUnreadable();
      case REDIS_DOWN -> servers.redisFaults.refusing = true;
      case REDIS_REQUEST_LOST -> servers.redisFaults.lostRequest = strength;
      case REDIS_ANSWER_LOST -> servers.redisFaults.lostAnswer = strength;
      case REDIS_EVICTION -> servers.redisFaults.eviction = strength;
      case REDIS_FLUSH -> servers.redis.flush();
      case REDIS_GARBAGE -> {
        for (int i = 0; i < 4; i++) {
          servers.redis.corruptRandomKey();
        }
      }
      case REDIS_FALSE_LOCK -> servers.redisFaults.falseLock = strength;
      case REDIS_SLOW -> servers.redisFaults.slowness = (int) (1 + 500 * strength);
      case DATABASE_DOWN -> servers.databaseFaults.refusing = true;
      case DATABASE_REQUEST_LOST -> servers.databaseFaults.lostRequest = strength / 4;
      case DATABASE_ANSWER_LOST -> servers.databaseFaults.lostAnswer = strength / 4;
      case DATABASE_READ_ONLY -> servers.databaseFaults.readOnly = true;
      case DATABASE_DEADLOCK -> servers.databaseFaults.deadlock = strength / 4;
      case DATABASE_SLOW -> servers.databaseFaults.slowness = (int) (1 + 300 * strength);
      case EVENT_LOCKED ->
          servers.database.lockRow(
              "events", fault.lockedEvent(), TimeUnit.MILLISECONDS.toNanos(fault.forMillis()));
      case WORKER_CRASH -> fleet.crashWorker(target, fault.forMillis());
      case WORKER_STOP -> fleet.stopWorker(target, fault.forMillis());
      case INGRESS_CRASH -> fleet.crashIngress(target, fault.forMillis());
      case WORKER_CLOCK -> fleet.worker(target).setSkew(skew(strength));
      case INGRESS_CLOCK -> fleet.ingress(target).process().setSkew(skew(strength));
    }
  }

  private static Duration skew(double strength) {
    return Duration.ofMillis((long) ((strength - 0.5) * 120_000));
  }

  /// Ends the fault. Faults of the same kind may overlap, the first end heals all of them.
  private static void end(Fault fault, Fleet fleet) {
    Servers servers = fleet.servers();
    switch (fault.kind()) {
      case QUEUE_DOWN -> servers.queueFaults.refusing = false;
      case QUEUE_REQUEST_LOST -> servers.queueFaults.lostRequest = 0;
      case QUEUE_ANSWER_LOST -> servers.queueFaults.lostAnswer = 0;
      case QUEUE_SEND_REQUEST_LOST -> servers.queueFaults.lostSendRequest = 0;
      case QUEUE_SEND_ANSWER_LOST -> servers.queueFaults.lostSendAnswer = 0;
      case QUEUE_ENTRY_FAILED -> servers.queueFaults.failedEntry = 0;
      case QUEUE_DUPLICATE -> servers.queueFaults.duplicate = 0;
      case QUEUE_EARLY_DELIVERY -> servers.queueFaults.earlyDelivery = 0;
      case QUEUE_DELAY -> servers.queueFaults.delay = 0;
      case QUEUE_SLOW -> servers.queueFaults.slowness = 1;
      case QUEUE_DEAD_LETTER -> {
        servers.queueFaults.deadLetter = 0;
        if (fault.isRedriven()) {
          fleet.kernel().schedule(REDRIVE_DELAY, () -> new Redrive(fleet.servers()).start());
        }
      }
      case REDIS_DOWN -> servers.redisFaults.refusing = false;
      case REDIS_REQUEST_LOST -> servers.redisFaults.lostRequest = 0;
      case REDIS_ANSWER_LOST -> servers.redisFaults.lostAnswer = 0;
      case REDIS_EVICTION -> servers.redisFaults.eviction = 0;
      case REDIS_FALSE_LOCK -> servers.redisFaults.falseLock = 0;
      case REDIS_SLOW -> servers.redisFaults.slowness = 1;
      case DATABASE_DOWN -> servers.databaseFaults.refusing = false;
      case DATABASE_REQUEST_LOST -> servers.databaseFaults.lostRequest = 0;
      case DATABASE_ANSWER_LOST -> servers.databaseFaults.lostAnswer = 0;
      case DATABASE_READ_ONLY -> servers.databaseFaults.readOnly = false;
      case DATABASE_DEADLOCK -> servers.databaseFaults.deadlock = 0;
      case DATABASE_SLOW -> servers.databaseFaults.slowness = 1;
      case QUEUE_UNREADABLE,
          REDIS_FLUSH,
          REDIS_GARBAGE,
          EVENT_LOCKED,
          WORKER_CRASH,
          WORKER_STOP,
          INGRESS_CRASH,
          WORKER_CLOCK,
          INGRESS_CLOCK -> {}
    }
  }
}
