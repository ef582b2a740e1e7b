package ticketing.simulation.run;

import java.math.BigDecimal;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.Json;
import ticketing.domain.Money;
import ticketing.simulation.database.SimulatedDatabase;
import ticketing.simulation.database.SimulatedDatabase.Prepared;
import ticketing.simulation.kernel.Kernel;
import ticketing.simulation.plan.Plan;

/// Administrator who pauses and resumes sales, with the statements of ingress-api.
final class Administrator {

  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final Kernel kernel;
  private final SimulatedDatabase database;
  private final Plan plan;

  Administrator(Kernel kernel, SimulatedDatabase database, Plan plan) {
    this.kernel = kernel;
    this.database = database;
    this.plan = plan;
  }

  /// Changes the status of an event, then runs a task. Repeated while the database rejects it.
  void setStatus(int eventId, EventStatus status, Runnable then) {
    Map<String, Object> event =
        database.committed("events").stream()
            .filter(row -> row.get("id").equals((long) eventId))
            .findFirst()
            .orElseThrow();
    try {
      database.prepare(
          List.of(
              new Prepared(
                  "UPDATE events SET status = ?, version = version + 1,"
                      + " decision_sequence = decision_sequence + 1 WHERE id = ?",
                  status.name(),
                  (long) eventId),
              new Prepared(
                  "INSERT INTO event_states (event_id, sequence, state, changed_at)"
                      + " VALUES (?, ?, ?, ?)",
                  (long) eventId,
                  (Long) event.get("decision_sequence") + 1,
                  Json.INTERNAL.writeValueAsString(view(eventId, event, status)),
                  LocalDateTime.ofInstant(Kernel.START.plusNanos(kernel.now()), ZoneOffset.UTC)
                      .truncatedTo(ChronoUnit.MICROS))));
    } catch (IllegalStateException e) {
      kernel.schedule(RETRY_NANOS, () -> setStatus(eventId, status, then));
      return;
    }
    kernel.log().add("operator", "event " + eventId + " " + status);
    then.run();
  }

  /// State after the change.
  private EventView view(int eventId, Map<String, Object> event, EventStatus status) {
    List<EventView.SeatTypeView> seatTypes =
        database.committed("seat_types").stream()
            .filter(row -> row.get("event_id").equals((long) eventId))
            .sorted(
                Comparator.<Map<String, Object>, BigDecimal>comparing(
                        row -> (BigDecimal) row.get("price"))
                    .reversed()
                    .thenComparing(row -> (String) row.get("seat_type")))
            .map(row ->
                new EventView.SeatTypeView(
                    (String) row.get("seat_type"),
                    new Money((BigDecimal) row.get("price")),
                    Math.toIntExact((Long) row.get("total_seats")),
                    Math.toIntExact((Long) row.get("available_seats"))))
            .toList();
    return Venue.view(eventId, plan.events().get(eventId - 1)).toBuilder()
        .status(status)
        .revision((Long) event.get("revision"))
        .seatTypes(seatTypes)
        .version((Long) event.get("version") + 1)
        .build();
  }
}
