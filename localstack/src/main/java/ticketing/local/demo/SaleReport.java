package ticketing.local.demo;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.function.IntToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import ticketing.client.Ticket;
import ticketing.client.TicketResult;

/// Result of a sale: figures, and checks of the responses to buyers against the database.
final class SaleReport {

  private record Check(String rule, boolean holds) {}

  /// Rows of one event, aggregated.
  ///
  /// @param ledger outcome by ticket id.
  /// @param decisionMicros sorted times from acceptance to decision in microseconds, by the clocks
  ///   of the processes.
  /// @param seconds time from the first acceptance to the last decision.
  /// @param confirmedSeats seats of the confirmed tickets.
  /// @param strayReservations reservations without a confirmed ticket.
  private record EventRecords(
      Map<String, String> ledger,
      long[] decisionMicros,
      double seconds,
      long sold,
      long confirmedSeats,
      long reservations,
      long available,
      Map<String, Long> availableByType,
      long strayReservations) {}

  private static final double MIN_TOGETHER_SHARE = 0.99; // of the early groups

  private final String name;
  private final EventRecords records;

  /// Values by name, in the order of the table.
  private final Map<String, String> figures = new LinkedHashMap<>();

  private final List<Check> checks = new ArrayList<>();

  private SaleReport(String name, EventRecords records) {
    this.name = name;
    this.records = records;
  }

  /// @param queueRate messages per second of the [QueueBaseline].
  /// @param processorTimes processor time of each process during the sale.
  static SaleReport of(
      String name,
      OnSale sale,
      Connection connection,
      long event,
      int seats,
      long deadLetters,
      double queueRate,
      Map<String, Duration> processorTimes)
      throws SQLException {
    SaleReport report = new SaleReport(name, read(connection, event));
    report.addFigures(sale, seats, queueRate);
    processorTimes.forEach((process, time) ->
        report.figures.put(
            "processor time, " + process, "%.1f s".formatted(time.toMillis() / 1e3)));
    report.addChecks(sale, seats, deadLetters);
    if (number(connection, "SELECT COUNT(seat_map_revision) FROM events WHERE id = %d", event)
        > 0) {
      report.addSeats(SeatReplay.of(connection, event));
    }
    return report;
  }

  boolean passes() {
    return checks.stream().allMatch(Check::holds);
  }

  /// @return the figures of all reports in columns, followed by the checks
  static String table(List<SaleReport> reports) {
    List<String> names = new ArrayList<>();
    for (SaleReport report : reports) {
      int row = 0;
      for (String figure : report.figures.keySet()) {
        if (!names.contains(figure)) {
          names.add(row, figure);
        }
        row = names.indexOf(figure) + 1;
      }
    }
    StringBuilder text = new StringBuilder("\n  %-44s".formatted(""));
    reports.forEach(report -> text.append("%20s".formatted(report.name)));
    text.append('\n');
    for (String figure : names) {
      text.append("  %-44s".formatted(figure));
      reports.forEach(
          report -> text.append("%20s".formatted(report.figures.getOrDefault(figure, ""))));
      text.append('\n');
    }
    text.append('\n');
    reports.stream()
        .flatMap(report -> report.checks.stream())
        .collect(
            Collectors.groupingBy(
                Check::rule,
                LinkedHashMap::new,
                Collectors.reducing(true, Check::holds, Boolean::logicalAnd)))
        .forEach(
            (rule, holds) -> text.append("  %-8s%s%n".formatted(holds ? "ok" : "FAILED", rule)));
    return text.toString();
  }

  /// Decisions per second, from the first acceptance to the last decision.
  double decisionRate() {
    return records.decisionMicros().length / records.seconds();
  }

  /// Quantile of the time from acceptance to decision, in milliseconds.
  ///
  /// @param quantile 0 to 1
  double decisionMillis(double quantile) {
    long[] micros = records.decisionMicros();
    return micros[(int) ((micros.length - 1) * quantile)] / 1e3;
  }

  private void addFigures(OnSale sale, int seats, double queueRate) {
    count("buyers", sale.buyers());
    count("accepted (202)", sale.accepted());
    Map<String, Long> refused = new TreeMap<>();
    for (int buyer = 0; buyer < sale.buyers(); buyer++) {
      switch (sale.submission(buyer)) {
        case TicketResult.Success success -> {}
        case TicketResult.Refused(int status, String code, _, _, _) ->
            refused.merge("refused before the queue: " + status + " " + code, 1L, Long::sum);
        case TicketResult.Unresolved(String cause) ->
            refused.merge("failed: " + cause, 1L, Long::sum);
        case null -> refused.merge("no response", 1L, Long::sum);
      }
    }
    refused.forEach(this::count);
    Map<String, Long> outcomes = new TreeMap<>();
    records.ledger().values().forEach(outcome -> outcomes.merge(outcome, 1L, Long::sum));
    outcomes.forEach(this::count);
    figures.put("seats sold / on sale", "%,d / %,d".formatted(records.sold(), seats));
    count("oversold", Math.max(0, records.sold() - seats));
    count("tickets without a final state", undecided(sale));
    figures.put(
        "final state by WebSocket / by poll",
        "%,d / %,d".formatted(sale.pushed(), sale.finished() - sale.pushed()));
    count("polls", sale.polled());
    count("requests repeated", sale.repeated());
    count("WebSocket connections lost", sale.lostSockets());
    figures.put("accept latency p50 / p99", millis(sorted(sale, sale::acceptNanos, buyer -> true)));
    figures.put(
        "decision latency p50 / p99",
        millis(
            IntStream.range(0, records.decisionMicros().length)
                .mapToLong(index -> records.decisionMicros()[index] * 1_000)
                .toArray()));
    figures.put(
        "request to WebSocket frame p50 / p99",
        millis(sorted(sale, sale::decisionNanos, sale::usesSocket)));
    figures.put("decisions per second", "%,.0f".formatted(decisionRate()));
    figures.put("queue baseline, messages per second", "%,.0f".formatted(queueRate));
    figures.put("decisions / queue baseline", percent(decisionRate() / queueRate));
  }

  private void addChecks(OnSale sale, int seats, long deadLetters) {
    long confirmed = records.ledger().values().stream().filter("CONFIRMED"::equals).count();
    check("no overselling: seats sold <= seats on sale", records.sold() <= seats);
    check(
        "seats sold + seats available = seats on sale",
        records.sold() + records.available() == seats);
    check(
        "seats sold + seats available by seat type = seats on sale",
        records.sold()
                + records.availableByType().values().stream().mapToLong(Long::longValue).sum()
            == seats);
    check(
        "every seat is sold, or too few are left for each buyer without seats",
        buyersWithoutSeats(sale)
            .mapToObj(sale::booking)
            .noneMatch(booking ->
                booking.quantity() <= records.availableByType().get(booking.seatType())));
    check(
        "each confirmed ticket has one reservation",
        confirmed == records.reservations()
            && records.confirmedSeats() == records.sold()
            && records.strayReservations() == 0);
    check("every accepted ticket has a final state", undecided(sale) == 0);
    check(
        "the ledger has exactly the accepted tickets", records.ledger().size() == sale.accepted());
    check(
        "final states of buyers agree with the ledger", disagreements(sale, records.ledger()) == 0);
    check("no ticket has two final states", sale.contradictions() == 0);
    check(
        "every buyer has a response",
        IntStream.range(0, sale.buyers())
            .noneMatch(buyer ->
                sale.submission(buyer) == null
                    || sale.submission(buyer) instanceof TicketResult.Unresolved));
    check("no dead letters", deadLetters == 0);
  }

  private void addSeats(SeatReplay replay) {
    count("seats twice", replay.seatsTwice());
    count("groups split although a row had room", replay.splitDespiteRoom());
    figures.put(
        "groups together / decided before %s were sold".formatted(percent(SeatReplay.EARLY_SHARE)),
        "%,d / %,d".formatted(replay.togetherEarly(), replay.groupsEarly()));
    count("single seats left", replay.singlesLeft());
    check("no numbered seat is sold twice", replay.seatsTwice() == 0);
    check("no group is split although a row has room", replay.splitDespiteRoom() == 0);
    check(
        "at least %s of the groups sit together until %s of the seats are sold"
            .formatted(percent(MIN_TOGETHER_SHARE), percent(SeatReplay.EARLY_SHARE)),
        replay.togetherEarly() >= MIN_TOGETHER_SHARE * replay.groupsEarly());
  }

  private static String percent(double share) {
    return "%.0f %%".formatted(100 * share);
  }

  private static IntStream buyersWithoutSeats(OnSale sale) {
    return IntStream.range(0, sale.buyers())
        .filter(buyer -> sale.finalTicket(buyer) == null || !sale.finalTicket(buyer).hasSeats());
  }

  private static long undecided(OnSale sale) {
    return IntStream.range(0, sale.buyers())
        .filter(buyer -> sale.submission(buyer) instanceof TicketResult.Success)
        .filter(buyer -> sale.finalTicket(buyer) == null)
        .count();
  }

  private static long disagreements(OnSale sale, Map<String, String> ledger) {
    return IntStream.range(0, sale.buyers())
        .mapToObj(sale::finalTicket)
        .filter(Objects::nonNull)
        .filter(ticket -> !outcome(ticket).equals(ledger.get(ticket.ticketId().toString())))
        .count();
  }

  private static String outcome(Ticket ticket) {
    return outcome(ticket.status().name(), ticket.reason());
  }

  private static String outcome(String decision, String reason) {
    return reason == null ? decision : decision + " " + reason;
  }

  private void count(String figure, long count) {
    figures.put(figure, "%,d".formatted(count));
  }

  private void check(String rule, boolean holds) {
    checks.add(new Check(rule, holds));
  }

  private static EventRecords read(Connection connection, long event) throws SQLException {
    Map<String, String> ledger = new HashMap<>();
    List<Long> micros = new ArrayList<>();
    try (var statement = connection.createStatement();
        var rows =
            statement.executeQuery(
                """
                SELECT id, decision, reason, TIMESTAMPDIFF(MICROSECOND, accepted_at, decided_at)
                FROM tickets WHERE event_id = %d
                """
                    .formatted(event))) {
      while (rows.next()) {
        ledger.put(rows.getString(1), outcome(rows.getString(2), rows.getString(3)));
        micros.add(rows.getLong(4));
      }
    }
    return new EventRecords(
        ledger,
        micros.stream().mapToLong(Long::longValue).sorted().toArray(),
        number(
                connection,
                """
                SELECT TIMESTAMPDIFF(MICROSECOND, MIN(accepted_at), MAX(decided_at))
                FROM tickets WHERE event_id = %d
                """,
                event)
            / 1e6,
        number(
            connection,
            """
            SELECT COALESCE(SUM(quantity), 0) FROM reservations
            WHERE event_id = %d AND status = 'CONFIRMED'
            """,
            event),
        number(
            connection,
            """
            SELECT COALESCE(SUM(quantity), 0) FROM tickets
            WHERE event_id = %d AND decision = 'CONFIRMED'
            """,
            event),
        number(connection, "SELECT COUNT(*) FROM reservations WHERE event_id = %d", event),
        number(connection, "SELECT available_seats FROM events WHERE id = %d", event),
        availableByType(connection, event),
        number(
            connection,
            """
            SELECT COUNT(*) FROM reservations r LEFT JOIN tickets t ON t.id = r.ticket_id
            WHERE r.event_id = %d AND (t.id IS NULL OR t.decision <> 'CONFIRMED')
            """,
            event));
  }

  private static Map<String, Long> availableByType(Connection connection, long event)
      throws SQLException {
    Map<String, Long> available = new HashMap<>();
    try (var statement = connection.createStatement();
        var rows =
            statement.executeQuery(
                "SELECT seat_type, available_seats FROM seat_types WHERE event_id = " + event)) {
      while (rows.next()) {
        available.put(rows.getString(1), rows.getLong(2));
      }
    }
    return available;
  }

  private static long number(Connection connection, String query, long event) throws SQLException {
    try (var statement = connection.createStatement();
        var rows = statement.executeQuery(query.formatted(event))) {
      rows.next();
      return rows.getLong(1);
    }
  }

  private static long[] sorted(OnSale sale, IntToLongFunction nanos, IntPredicate filter) {
    return IntStream.range(0, sale.buyers())
        .filter(filter)
        .mapToLong(nanos)
        .filter(value -> value > 0)
        .sorted()
        .toArray();
  }

  private static String millis(long[] sortedNanos) {
    if (sortedNanos.length == 0) {
      return "-";
    }
    return "%,.0f / %,.0f ms"
        .formatted(
            sortedNanos[sortedNanos.length / 2] / 1e6,
            sortedNanos[(int) (sortedNanos.length * 99L / 100)] / 1e6);
  }
}
