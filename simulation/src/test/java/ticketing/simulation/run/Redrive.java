package ticketing.simulation.run;

import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.concurrent.TimeUnit;
import ticketing.simulation.kernel.Kernel;
import ticketing.simulation.process.Servers;

/// Redrive of all dead letters by an operator: it is recorded first, then the messages move.
final class Redrive {

  static final long MAX_NANOS = TimeUnit.SECONDS.toNanos(8);

  private static final long MOVE_DELAY = TimeUnit.MILLISECONDS.toNanos(700);

  private final Servers servers;
  private long end;

  Redrive(Servers servers) {
    this.servers = servers;
  }

  /// An operator repeats a redrive that the database rejects.
  void start() {
    servers.kernel.log().add("operator", "redrives");
    end = servers.kernel.now() + MAX_NANOS;
    try {
      record();
    } catch (IllegalStateException e) {
      servers.kernel.schedule(MOVE_DELAY, this::start);
      return;
    }
    servers.kernel.schedule(MOVE_DELAY, this::move);
  }

  private void record() {
    servers.database.prepare(
        "INSERT INTO redrives (ticket_id, started_at) VALUES (?, ?)",
        null,
        LocalDateTime.ofInstant(Kernel.START.plusNanos(servers.kernel.now()), ZoneOffset.UTC)
            .truncatedTo(java.time.temporal.ChronoUnit.MICROS));
  }

  private void move() {
    servers.redriven.addAll(servers.deadLetters.moveVisible(servers.queue));
    if (servers.kernel.now() + MOVE_DELAY < end) {
      servers.kernel.schedule(MOVE_DELAY, this::move);
    }
  }
}
