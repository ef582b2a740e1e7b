package ticketing.local.demo;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;
import ticketing.domain.Ticket;

/// What became of a sale: what the buyers were told, against what the database says.
final class SaleReport {

  private record Check(String what, boolean holds) {}

  /// What the tables say of one event.
  ///
  /// @param ledger outcome by ticket id
  /// @param decisionMicros from accepted to decided, by the system's own clock, sorted
  /// @param seconds from the first accepted to the last decided
  private record Books(
      Map<String, String> ledger,
      long[] decisionMicros,
      double seconds,
      long sold,
      long available,
      long availableByType,
      long strayReservations) {}

  private final String name;
  private final Books books;

  /// Name and value, in the order to print them.
  private final Map<String, String> figures = new LinkedHashMap<>();

  private final List<Check> checks = new ArrayList<>();

  private SaleReport(String name, Books books) {
    this.name = name;
    this.books = books;
  }

  /// @param ceiling messages per second of the bare queue
  /// @param processorTimes used by each process during the sale
  static SaleReport of(
      String name,
      OnSale sale,
      Connection connection,
      long event,
      int seats,
      long deadLetters,
      double ceiling,
      Map<String, Duration> processorTimes)
      throws SQLException {
    SaleReport account = new SaleReport(name, read(connection, event));
    account.addFigures(sale, seats, ceiling);
    processorTimes.forEach(
        (process, time) ->
            account.figures.put(
                "processor time, " + process, "%.1f s".formatted(time.toMillis() / 1e3)));
    account.addChecks(sale, seats, deadLetters);
    return account;
  }

  boolean holds() {
    return checks.stream().allMatch(Check::holds);
  }

  /// All of them side by side, and then the checks.
  static String table(List<SaleReport> accounts) {
    List<String> names = new ArrayList<>();
    for (SaleReport account : accounts) {
      int place = 0;
      for (String figure : account.figures.keySet()) {
        // What only one of them has stands where it stands there.
        if (!names.contains(figure)) {
          names.add(place, figure);
        }
        place = names.indexOf(figure) + 1;
      }
    }
    StringBuilder text = new StringBuilder("\n  %-44s".formatted(""));
    accounts.forEach(account -> text.append("%20s".formatted(account.name)));
    text.append('\n');
    for (String figure : names) {
      text.append("  %-44s".formatted(figure));
      accounts.forEach(
          account -> text.append("%20s".formatted(account.figures.getOrDefault(figure, ""))));
      text.append('\n');
    }
    text.append('\n');
    for (Check check : accounts.getFirst().checks) {
      boolean holds =
          accounts.stream()
              .flatMap(account -> account.checks.stream())
              .filter(one -> one.what().equals(check.what()))
              .allMatch(Check::holds);
      text.append("  %-8s%s%n".formatted(holds ? "ok" : "BROKEN", check.what()));
    }
    return text.toString();
  }

  /// Decisions per second, from the first accepted to the last decided.
  double rate() {
    return books.decisionMicros().length / books.seconds();
  }

  /// From accepted to decided: what this part of all decisions needed at most, in milliseconds.
  double decisionMillis(double part) {
    long[] micros = books.decisionMicros();
    return micros[(int) ((micros.length - 1) * part)] / 1e3;
  }

  private void addFigures(OnSale sale, int seats, double ceiling) {
    count("buyers", sale.buyers());
    count("accepted (202)", sale.accepted());
    Map<String, Long> refused = new TreeMap<>();
    for (int buyer = 0; buyer < sale.buyers(); buyer++) {
      switch (sale.answer(buyer)) {
        case OnSale.Answer.Accepted accepted -> {}
        case OnSale.Answer.Refused(int status, String code) ->
            refused.merge("refused at the door: " + status + " " + code, 1L, Long::sum);
        case OnSale.Answer.Failed(String why) -> refused.merge("failed: " + why, 1L, Long::sum);
        case null -> refused.merge("no answer", 1L, Long::sum);
      }
    }
    refused.forEach(this::count);
    Map<String, Long> outcomes = new TreeMap<>();
    books.ledger().values().forEach(outcome -> outcomes.merge(outcome, 1L, Long::sum));
    outcomes.forEach(this::count);
    figures.put("seats sold / on sale", "%,d / %,d".formatted(books.sold(), seats));
    count("oversold", Math.max(0, books.sold() - seats));
    count("tickets without a final state", unknownEnds(sale));
    figures.put(
        "told by WebSocket / by poll",
        "%,d / %,d".formatted(sale.pushed(), sale.finished() - sale.pushed()));
    count("polls", sale.polled());
    count("requests repeated", sale.retried());
    count("sockets broken", sale.brokenSockets());
    figures.put("accept latency p50 / p99", millis(sorted(sale, sale::acceptNanos, all -> true)));
    figures.put(
        "decision latency p50 / p99",
        millis(
            IntStream.range(0, books.decisionMicros().length)
                .mapToLong(index -> books.decisionMicros()[index] * 1_000)
                .toArray()));
    figures.put(
        "request to WebSocket frame p50 / p99",
        millis(sorted(sale, sale::knownNanos, sale::waitsAtSocket)));
    figures.put("decisions per second", "%,.0f".formatted(rate()));
    figures.put("bare queue, messages per second", "%,.0f".formatted(ceiling));
    figures.put("decisions / bare queue", "%.0f %%".formatted(100 * rate() / ceiling));
  }

  private void addChecks(OnSale sale, int seats, long deadLetters) {
    long confirmed = books.ledger().values().stream().filter("CONFIRMED"::equals).count();
    check("no seat is sold twice: sold <= on sale", books.sold() <= seats);
    check("sold + available = on sale", books.sold() + books.available() == seats);
    check("the same by seat type", books.sold() + books.availableByType() == seats);
    check("every seat found a buyer", books.sold() == Math.min(seats, sale.buyers()));
    check(
        "one reservation per confirmed ticket",
        confirmed == books.sold() && books.strayReservations() == 0);
    check("every accepted ticket has a final state", unknownEnds(sale) == 0);
    check(
        "the ledger has every accepted ticket and no other",
        books.ledger().size() == sale.accepted());
    check("buyers were told what the ledger says", wronglyTold(sale, books.ledger()) == 0);
    check("nobody was told two ends", sale.contradictions() == 0);
    check(
        "every buyer got an answer",
        IntStream.range(0, sale.buyers())
            .noneMatch(
                buyer ->
                    sale.answer(buyer) == null
                        || sale.answer(buyer) instanceof OnSale.Answer.Failed));
    check("no dead letters", deadLetters == 0);
  }

  private static long unknownEnds(OnSale sale) {
    return IntStream.range(0, sale.buyers())
        .filter(buyer -> sale.answer(buyer) instanceof OnSale.Answer.Accepted)
        .filter(buyer -> sale.end(buyer) == null)
        .count();
  }

  private static long wronglyTold(OnSale sale, Map<String, String> ledger) {
    return IntStream.range(0, sale.buyers())
        .mapToObj(sale::end)
        .filter(end -> end != null)
        .filter(end -> !outcome(end).equals(ledger.get(end.ticketId().toString())))
        .count();
  }

  private static String outcome(Ticket ticket) {
    return outcome(ticket.status().name(), ticket.reason() == null ? null : ticket.reason().name());
  }

  private static String outcome(String decision, String reason) {
    return reason == null ? decision : decision + " " + reason;
  }

  private void count(String figure, long count) {
    figures.put(figure, "%,d".formatted(count));
  }

  private void check(String what, boolean holds) {
    checks.add(new Check(what, holds));
  }

  private static Books read(Connection connection, long event) throws SQLException {
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
    return new Books(
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
        number(connection, "SELECT available_seats FROM events WHERE id = %d", event),
        number(
            connection, "SELECT SUM(available_seats) FROM seat_types WHERE event_id = %d", event),
        number(
            connection,
            """
            SELECT COUNT(*) FROM reservations r LEFT JOIN tickets t ON t.id = r.ticket_id
            WHERE r.event_id = %d AND (t.id IS NULL OR t.decision <> 'CONFIRMED')
            """,
            event));
  }

  private static long number(Connection connection, String query, long event) throws SQLException {
    try (var statement = connection.createStatement();
        var rows = statement.executeQuery(query.formatted(event))) {
      rows.next();
      return rows.getLong(1);
    }
  }

  private static long[] sorted(OnSale sale, IntToLongFunction nanos, IntPredicate wanted) {
    return IntStream.range(0, sale.buyers())
        .filter(wanted)
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
