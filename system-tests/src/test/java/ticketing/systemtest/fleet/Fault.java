package ticketing.systemtest.fleet;

import java.time.Duration;
import ticketing.local.servers.LocalServers;

/// Fault of a process or of its network.
public enum Fault {
  KILL,
  FREEZE,
  CUT,
  DELAY;

  private static final Duration START_TIMEOUT = Duration.ofSeconds(300);
  private static final Duration NETWORK_DELAY = Duration.ofMillis(150);

  /// Injects the fault.
  ///
  /// @param target name of an application, or one of [Fleet#SERVERS]
  public void inject(Fleet fleet, String target) {
    switch (this) {
      case KILL -> kill(fleet, target);
      case FREEZE -> Signals.send("STOP", pid(fleet, target));
      case CUT -> fleet.network().cut(target);
      case DELAY -> fleet.network().delay(target, NETWORK_DELAY);
    }
  }

  /// Ends the fault. A killed process is ready on return.
  public void heal(Fleet fleet, String target) {
    switch (this) {
      case KILL -> restart(fleet, target);
      case FREEZE -> Signals.send("CONT", pid(fleet, target));
      case CUT, DELAY -> fleet.network().heal(target);
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
