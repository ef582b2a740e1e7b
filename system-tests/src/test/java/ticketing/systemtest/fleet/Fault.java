package ticketing.systemtest.fleet;

import java.time.Duration;
import ticketing.local.servers.LocalServers;

/// What can happen to a process.
public enum Fault {
  KILL,
  FREEZE,
  CUT,
  SLOW;

  private static final Duration READY = Duration.ofSeconds(300);
  private static final Duration DELAY = Duration.ofMillis(150);

  /// Makes it happen.
  ///
  /// @param victim an application's name, or one of [Fleet#SERVERS]
  public void strike(Fleet fleet, String victim) {
    switch (this) {
      case KILL -> kill(fleet, victim);
      case FREEZE -> Signals.send("STOP", pid(fleet, victim));
      case CUT -> fleet.network().cut(victim);
      case SLOW -> fleet.network().slow(victim, DELAY);
    }
  }

  /// Makes it good again.
  public void heal(Fleet fleet, String victim) {
    switch (this) {
      case KILL -> restart(fleet, victim);
      case FREEZE -> Signals.send("CONT", pid(fleet, victim));
      case CUT, SLOW -> fleet.network().heal(victim);
    }
  }

  private static void kill(Fleet fleet, String victim) {
    LocalServers servers = fleet.servers();
    switch (victim) {
      case "database" -> servers.database().kill();
      case "Redis" -> servers.redis().kill();
      case "queue" -> servers.queue().kill();
      default -> fleet.application(victim).kill();
    }
  }

  private static void restart(Fleet fleet, String victim) {
    LocalServers servers = fleet.servers();
    switch (victim) {
      case "database" -> servers.database().start();
      case "Redis" -> servers.redis().start();
      case "queue" -> servers.queue().start();
      default -> {
        fleet.application(victim).start();
        fleet.application(victim).awaitReady(READY);
      }
    }
  }

  private static long pid(Fleet fleet, String victim) {
    LocalServers servers = fleet.servers();
    return switch (victim) {
      case "database" -> servers.database().pid();
      case "Redis" -> servers.redis().pid();
      case "queue" -> servers.queue().pid();
      default -> fleet.application(victim).pid();
    };
  }
}
