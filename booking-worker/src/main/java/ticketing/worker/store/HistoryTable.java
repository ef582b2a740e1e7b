package ticketing.worker.store;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;
import ticketing.domain.Json;
import ticketing.worker.decision.DecisionBatch;
import ticketing.worker.jdbc.Columns;

/// Tables `event_states` and `hold_expiries`: recorded states and expired holds of an event. The
/// ingress API inserts a state for each creation and edit.
@Component
class HistoryTable {

  private final JdbcTemplate batches;

  HistoryTable(JdbcTemplate batches) {
    this.batches = batches;
  }

  /// Inserts the states ahead of batches of events of which none is recorded.
  void insertStates(List<DecidedBatch> decided, Instant now) {
    List<Object[]> rows = new ArrayList<>();
    for (DecidedBatch event : decided) {
      if (event.recordsState()) {
        rows.add(
            new Object[] {
              event.event().eventId(),
              event.lastStep(),
              Json.INTERNAL.writeValueAsString(event.event().event().orElseThrow()),
              Columns.utc(now)
            });
      }
    }
    if (!rows.isEmpty()) {
      batches.batchUpdate(
          "INSERT INTO event_states (event_id, sequence, state, changed_at) VALUES (?, ?, ?, ?)",
          rows);
    }
  }

  void insertExpiries(List<DecidedBatch> decided, Instant now) {
    List<Object[]> rows = new ArrayList<>();
    for (DecidedBatch event : decided) {
      Long last = event.lastStep();
      DecisionBatch batch = event.batch();
      for (int index = 0; last != null && index < batch.expiries().size(); index++) {
        rows.add(
            new Object[] {
              event.event().eventId(),
              last + batch.positionOfExpiry(index),
              batch.expiries().get(index).hold().id(),
              Columns.utc(now)
            });
      }
    }
    if (!rows.isEmpty()) {
      batches.batchUpdate(
          """
          INSERT INTO hold_expiries (event_id, sequence, reservation_id, expired_at)
          VALUES (?, ?, ?, ?)\
          """,
          rows);
    }
  }
}
