package ticketing.worker.store;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;
import ticketing.domain.EventView;
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

  /// Inserts the state of an event of which none is recorded.
  void insertState(EventView event, long sequence, Instant now) {
    batches.update(
        "INSERT INTO event_states (event_id, sequence, state, changed_at) VALUES (?, ?, ?, ?)",
        event.eventId(),
        sequence,
        Json.INTERNAL.writeValueAsString(event),
        Columns.utc(now));
  }

  /// @param lastSequence number of the last step ahead of the batch
  void insertExpiries(long eventId, DecisionBatch batch, long lastSequence, Instant now) {
    if (batch.expiries().isEmpty()) {
      return;
    }
    List<Object[]> rows = new ArrayList<>();
    for (int index = 0; index < batch.expiries().size(); index++) {
      rows.add(
          new Object[] {
            eventId,
            lastSequence + batch.positionOfExpiry(index),
            batch.expiries().get(index).hold().id(),
            Columns.utc(now)
          });
    }
    batches.batchUpdate(
        """
        INSERT INTO hold_expiries (event_id, sequence, reservation_id, expired_at)
        VALUES (?, ?, ?, ?)\
        """,
        rows);
  }
}
