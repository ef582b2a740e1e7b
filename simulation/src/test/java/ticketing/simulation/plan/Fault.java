package ticketing.simulation.plan;

/// Fault of one dependency or of one process.
///
/// @param atMillis start
/// @param forMillis duration; ignored by faults without duration
/// @param target number of the process or of the event
/// @param strength probability, or part of the maximum strength
public record Fault(Kind kind, long atMillis, long forMillis, int target, double strength)
    implements Plan.Element {

  public enum Kind {
    QUEUE_DOWN,
    QUEUE_REQUEST_LOST,
    QUEUE_ANSWER_LOST,
    QUEUE_SEND_REQUEST_LOST,
    QUEUE_SEND_ANSWER_LOST,
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

    public boolean isOf(String server) {
      return name().startsWith(server);
    }
  }

  /// Returns true if the fault begins with the run, ahead of all steps.
  public boolean isInitial() {
    return atMillis <= -Plan.START_MILLIS;
  }

  /// Returns true if an operator redrives the dead letters of this fault.
  public boolean isRedriven() {
    return kind == Kind.QUEUE_DEAD_LETTER && target == 1;
  }

  /// Event whose row `EVENT_LOCKED` locks.
  public long lockedEvent() {
    return 1 + target % 2;
  }

  /// Returns true if the fault may delay the decisions of an event. A locked event delays only its
  /// own, an unreadable message none.
  public boolean mayDelay(long eventId) {
    return switch (kind) {
      case EVENT_LOCKED -> lockedEvent() == eventId;
      case QUEUE_UNREADABLE -> false;
      default -> true;
    };
  }
}
