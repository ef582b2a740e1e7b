package ticketing.systemtest.fleet;

import java.time.Duration;
import java.util.Optional;
import ticketing.local.servers.LocalServers;

/// Fault of a process, of its network or clock, of the content of Redis, or of the database.
public enum Fault {
  KILL,
  FREEZE,
  CUT,
  DELAY,
  /// Requests arrive, and their responses are lost.
  SILENCE,
  /// The clock is fast by 5 s, and steps back at the end.
  CLOCK,
  /// All keys are lost.
  FLUSH,
  /// Foreign values of several types replace all values.
  GARBAGE,
  /// The memory is full, so writes evict keys.
  EVICT,
  /// The database answers reads and rejects writes.
  READ_ONLY;

  private static final Duration START_TIMEOUT = Duration.ofSeconds(300);
  private static final Duration NETWORK_DELAY = Duration.ofMillis(150);
  private static final Duration CLOCK_DEVIATION = Duration.ofSeconds(5);

  /// Returns the only server that the fault can strike; empty if it can strike several processes.
  public Optional<String> server() {
    return switch (this) {
      case KILL, FREEZE, CUT, DELAY, SILENCE, CLOCK -> Optional.empty();
      case FLUSH, GARBAGE, EVICT -> Optional.of("Redis");
      case READ_ONLY -> Optional.of("database");
    };
  }

  /// Returns true if the fault can strike this process: silence needs a process that responds, and
  /// the clock one of an application.
  ///
  /// @param target name of an application, or one of [Fleet#SERVERS]
  public boolean strikes(String target) {
    return switch (this) {
      case KILL, FREEZE, CUT, DELAY -> true;
      case SILENCE -> !Fleet.WORKERS.contains(target);
      case CLOCK -> !Fleet.SERVERS.contains(target);
      case FLUSH, GARBAGE, EVICT, READ_ONLY -> server().orElseThrow().equals(target);
    };
  }

  /// Returns true if this machine has what the fault needs.
  public boolean isAvailable(Fleet fleet) {
    return this != CLOCK || fleet.clocks().isPresent();
  }

  /// Injects the fault.
  ///
  /// @param target name of an application, or one of [Fleet#SERVERS]
  public void inject(Fleet fleet, String target) {
    switch (this) {
      case KILL -> kill(fleet, target);
      case FREEZE -> Signals.send("STOP", pid(fleet, target));
      case CUT -> fleet.network().cut(target);
      case DELAY -> fleet.network().delay(target, NETWORK_DELAY);
      case SILENCE -> fleet.network().silence(target);
      case CLOCK -> fleet.clocks().orElseThrow().change(target, CLOCK_DEVIATION);
      case FLUSH -> RedisContent.flush(fleet.servers().redis().port());
      case GARBAGE -> RedisContent.replaceAllValues(fleet.servers().redis().port());
      case EVICT -> RedisContent.fill(fleet.servers().redis().port());
      case READ_ONLY -> fleet.servers().setDatabaseReadOnly(true);
    }
  }

  /// Ends the fault. A killed process is ready on return. Lost and foreign values remain.
  public void heal(Fleet fleet, String target) {
    switch (this) {
      case KILL -> restart(fleet, target);
      case FREEZE -> Signals.send("CONT", pid(fleet, target));
      case CUT, DELAY, SILENCE -> fleet.network().heal(target);
      case CLOCK -> fleet.clocks().orElseThrow().change(target, Duration.ZERO);
      case FLUSH, GARBAGE -> {}
      case EVICT -> RedisContent.endEvictions(fleet.servers().redis().port());
      case READ_ONLY -> fleet.servers().setDatabaseReadOnly(false);
    }
  }

  private static void kill(Fleet fleet, String target) {
    LocalServers servers = fleet.servers();
    switch (target) {
      case "database" -> servers.database().kill();
      case "Redis" -> servers.redis().kill();
      case "queue" -> servers.queue().kill();
      default -> fleet.application(target).kill();
    }
  }

  private static void restart(Fleet fleet, String target) {
    LocalServers servers = fleet.servers();
    switch (target) {
      case "database" -> servers.database().start();
      case "Redis" -> servers.redis().start();
      case "queue" -> servers.queue().start();
      default -> {
        fleet.application(target).start();
        fleet.application(target).awaitReady(START_TIMEOUT);
      }
    }
  }

  private static long pid(Fleet fleet, String target) {
    LocalServers servers = fleet.servers();
    return switch (target) {
      case "database" -> servers.database().pid();
      case "Redis" -> servers.redis().pid();
      case "queue" -> servers.queue().pid();
      default -> fleet.application(target).pid();
    };
  }
}
