package ticketing.ingress.deadletter;

import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.springframework.stereotype.Component;

/// Records redrives of dead letters. Only a recorded redrive allows workers to replace the decision
/// `GAVE_UP` of a ticket, so it is recorded before the messages move. It covers tickets that were
/// given up earlier, by the clock of the database.
@Component
class RedriveRecorder {

  private final RedriveRepository redrives;
  private final Clock clock;

  RedriveRecorder(RedriveRepository redrives, Clock clock) {
    this.redrives = redrives;
    this.clock = clock;
  }

  /// Records a redrive of all dead letters.
  ///
  /// @throws org.springframework.dao.DataAccessException if it is not recorded; the redrive must
  ///   not start
  void recordAll() {
    redrives.saveAll(List.of(new RedriveEntity(null, now())));
  }

  /// Records a redrive of the dead letters of these tickets.
  ///
  /// @throws org.springframework.dao.DataAccessException if it is not recorded; the redrive must
  ///   not start
  void record(Collection<UUID> ticketIds) {
    Instant now = now();
    redrives.saveAll(ticketIds.stream().map(id -> new RedriveEntity(id, now)).toList());
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }
}
