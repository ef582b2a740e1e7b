package ticketing.simulation.run;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/// Fault of one dependency or of one process.
///
/// @param atMillis start
/// @param forMillis duration; ignored by faults without duration
/// @param target number of the process or of the event
/// @param strength probability, or part of the maximum strength
record Fault(Kind kind, long atMillis, long forMillis, int target, double strength)
    implements Plan.Element {

  enum Kind {
    QUEUE_DOWN,
    QUEUE_REQUEST_LOST,
    QUEUE_ANSWER_LOST,
    QUEUE_ENTRY_FAILED,
    QUEUE_DUPLICATE,
    QUEUE_EARLY_DELIVERY,
    QUEUE_DELAY,
    QUEUE_SLOW,
    QUEUE_DEAD_LETTER,
    QUEUE_UNREADABLE,
    REDIS_DOWN,
    REDIS_REQUEST_LOST,
    REDIS_ANSWER_LOST,
    REDIS_EVICTION,
    REDIS_FLUSH,
    REDIS_GARBAGE,
    REDIS_FALSE_LOCK,
    REDIS_SLOW,
    DATABASE_DOWN,
    DATABASE_REQUEST_LOST,
    DATABASE_ANSWER_LOST,
    DATABASE_READ_ONLY,
    DATABASE_DEADLOCK,
    DATABASE_SLOW,
    EVENT_LOCKED,
    WORKER_CRASH,
    WORKER_STOP,
    INGRESS_CRASH,
    WORKER_CLOCK,
    INGRESS_CLOCK;

    boolean isOf(String server) {
      return name().startsWith(server);
    }
  }

  private static final long REDRIVE_DELAY = TimeUnit.MILLISECONDS.toNanos(100);

  /// Returns true if an operator redrives the dead letters of this fault.
  boolean isRedriven() {
    return kind == Kind.QUEUE_DEAD_LETTER && target == 1;
  }

  /// Event whose row `EVENT_LOCKED` locks.
  private long lockedEvent() {
    return 1 + target % 2;
  }

  /// Returns true if the fault may delay the decisions of an event. A locked event delays only its
  /// own, an unreadable message none.
  boolean mayDelay(long eventId) {
    return switch (kind) {
      case EVENT_LOCKED -> lockedEvent() == eventId;
      case QUEUE_UNREADABLE -> false;
      default -> true;
    };
  }

  /// Starts the fault.
  void start(Fleet fleet) {
    var servers = fleet.servers();
    fleet.kernel().log().add("fault", kind + " " + target + " for " + forMillis + "ms");
    switch (kind) {
      case QUEUE_DOWN -> servers.queueFaults.refusing = true;
      case QUEUE_REQUEST_LOST -> servers.queueFaults.lostRequest = strength;
      case QUEUE_ANSWER_LOST -> servers.queueFaults.lostAnswer = strength;
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
              "events", lockedEvent(), TimeUnit.MILLISECONDS.toNanos(forMillis));
      case WORKER_CRASH -> fleet.crashWorker(target, forMillis);
      case WORKER_STOP -> fleet.stopWorker(target, forMillis);
      case INGRESS_CRASH -> fleet.crashIngress(target, forMillis);
      case WORKER_CLOCK -> fleet.worker(target).setSkew(skew());
      case INGRESS_CLOCK -> fleet.ingress(target).process().setSkew(skew());
    }
  }

  private Duration skew() {
    return Duration.ofMillis((long) ((strength - 0.5) * 120_000));
  }

  /// Ends the fault. Faults of the same kind may overlap, the first end heals all of them.
  void end(Fleet fleet) {
    var servers = fleet.servers();
    switch (kind) {
      case QUEUE_DOWN -> servers.queueFaults.refusing = false;
      case QUEUE_REQUEST_LOST -> servers.queueFaults.lostRequest = 0;
      case QUEUE_ANSWER_LOST -> servers.queueFaults.lostAnswer = 0;
      case QUEUE_ENTRY_FAILED -> servers.queueFaults.failedEntry = 0;
      case QUEUE_DUPLICATE -> servers.queueFaults.duplicate = 0;
      case QUEUE_EARLY_DELIVERY -> servers.queueFaults.earlyDelivery = 0;
      case QUEUE_DELAY -> servers.queueFaults.delay = 0;
      case QUEUE_SLOW -> servers.queueFaults.slowness = 1;
      case QUEUE_DEAD_LETTER -> {
        servers.queueFaults.deadLetter = 0;
        if (isRedriven()) {
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
