package ticketing.simulation.run;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import ticketing.domain.Action;
import ticketing.domain.Ticket;
import ticketing.simulation.kernel.Kernel;
import ticketing.simulation.plan.Fault;
import ticketing.simulation.plan.Plan;
import ticketing.simulation.process.Servers;
import ticketing.simulation.queue.SimulatedQueue;
import ticketing.status.StatusEntry;

/// Checks the six guarantees of the contract after a run.
final class Oracle {

  private static final Pattern STATUS = Pattern.compile("\"status\":\"([A-Z_]+)\"");
  private static final Pattern REASON = Pattern.compile("\"reason\":\"([A-Z_]+)\"");

  private static final Pattern DECIDED_AT = Pattern.compile("\"decidedAt\":\"([^\"]+)\"");

  /// One second of the guarantee, and half a second for the latencies of an undisturbed decision.
  private static final Duration MAX_ISOLATED_DELAY = Duration.ofMillis(1_500);

  /// Error of a measurement, and time from the decision to its commit.
  private static final Duration MAX_TIME_DIFFERENCE = Duration.ofSeconds(3);

  /// Time for which an ingress process may act on a read of the ledger.
  private static final Duration MAX_LEDGER_AGE = Duration.ofMillis(300);

  /// As [#MAX_LEDGER_AGE], while a call of a server is slow or is repeated.
  private static final Duration MAX_LEDGER_AGE_IF_SLOW = Duration.ofSeconds(2);

  private static final Set<Fault.Kind> SLOW_KINDS =
      EnumSet.of(
          Fault.Kind.REDIS_DOWN,
          Fault.Kind.REDIS_REQUEST_LOST,
          Fault.Kind.REDIS_ANSWER_LOST,
          Fault.Kind.REDIS_SLOW,
          Fault.Kind.DATABASE_SLOW);

  private static final String TICKET_KEY = "ticket:";
  private static final String GAVE_UP = "REJECTED GAVE_UP";

  private final Plan plan;
  private final Servers servers;
  private final Clients clients;
  private final SeatOracle seats;
  private final Map<UUID, Set<String>> published = new HashMap<>();
  private final Map<UUID, Instant> firstPublished = new HashMap<>(); // decisions
  private final Map<UUID, Instant> givenUp = new HashMap<>(); // times of the database
  private final List<String> violations = new ArrayList<>();

  Oracle(Plan plan, Servers servers, Clients clients) {
    this.plan = plan;
    this.servers = servers;
    this.clients = clients;
    this.seats = new SeatOracle(plan, servers.database);
    servers.redis.subscribe((channel, message) -> {
      if (channel.equals("tickets")) {
        message.lines().forEach(this::recordPublication);
      }
    });
    servers.redis.observeWrites(this::checkWrite);
  }

  private void recordPublication(String line) {
    if (line.length() > 37 && line.contains("{")) {
      UUID ticketId = UUID.fromString(line.substring(0, 36));
      published.computeIfAbsent(ticketId, id -> new HashSet<>()).add(outcome(line));
      if (outcome(line).equals(GAVE_UP)) {
        Matcher time = DECIDED_AT.matcher(line);
        if (time.find()) {
          givenUp.put(ticketId, Instant.parse(time.group(1)));
        }
      } else {
        firstPublished.putIfAbsent(ticketId, now());
      }
      String entry = servers.redis.string(TICKET_KEY + ticketId);
      if (entry != null && isPending(entry) && !mayLoseEntries()) {
        violated(2, "a decision is published ahead of its storage, row=" + ticketId);
      }
    }
  }

  private Instant now() {
    return Kernel.START.plusNanos(servers.kernel.now());
  }

  private boolean mayLoseEntries() {
    return plan.hasFault(Fault.Kind.REDIS_FLUSH)
        || plan.hasFault(Fault.Kind.REDIS_EVICTION)
        || plan.hasFault(Fault.Kind.REDIS_GARBAGE);
  }

  /// A final entry of the status store stays final. A decision replaces `GAVE_UP`.
  private void checkWrite(String key, @Nullable String old, String stored) {
    if (!key.startsWith(TICKET_KEY)) {
      return;
    }
    if (old != null && isFinal(old)) {
      if (isPending(stored)) {
        violated(2, "a final entry becomes pending, row=" + key + " " + outcome(old));
      } else if (!outcome(old).equals(GAVE_UP) && !outcome(stored).equals(outcome(old))) {
        violated(
            2, "a final entry changes, row=" + key + " " + outcome(old) + " " + outcome(stored));
      }
    }
    Instant decided = firstPublished.get(UUID.fromString(key.substring(TICKET_KEY.length())));
    if (isPending(stored) && decided != null && decided.plus(maxLedgerAge()).isBefore(now())) {
      violated(2, "a published ticket becomes pending, row=" + key + " " + decided);
    }
  }

  private Duration maxLedgerAge() {
    return SLOW_KINDS.stream().anyMatch(plan::hasFault) ? MAX_LEDGER_AGE_IF_SLOW : MAX_LEDGER_AGE;
  }

  private static boolean isPending(String entry) {
    return entry.charAt(0) < ' ' || entry.contains("\"status\":\"PENDING\"");
  }

  private static boolean isFinal(String entry) {
    return !isPending(entry) && entry.contains("\"owner\":") && entry.contains("\"status\":\"");
  }

  private static String outcome(String json) {
    Matcher status = STATUS.matcher(json);
    Matcher reason = REASON.matcher(json);
    return (status.find() ? status.group(1) : "none")
        + (reason.find() ? " " + reason.group(1) : "");
  }

  private void violated(int guarantee, String text) {
    violations.add("guarantee " + guarantee + ": " + text);
  }

  /// Returns true if all accepted requests are decided and no message is left.
  boolean isSettled() {
    if (!clients.isFinished() || servers.queue.size() > 0 || !findUnrecorded().isEmpty()) {
      return false;
    }
    Set<Object> decided = new HashSet<>();
    servers.database.committed("tickets").forEach(row -> decided.add(row.get("id")));
    return clients.requests().stream()
            .filter(request -> request.accepted != null)
            .allMatch(request -> decided.contains(request.ticketId.toString()))
        && seats.hasNoDueOffer()
        && servers.database.committed("reservations").stream()
            .noneMatch(row -> row.get("status").equals("HELD"));
  }

  /// Returns true if the status store has a pending entry of a request.
  boolean findsPendingEntry() {
    return clients.requests().stream()
        .map(request -> servers.redis.string(TICKET_KEY + request.ticketId))
        .anyMatch(entry -> entry != null && isPending(entry));
  }

  /// Dead letters without the record that their tickets are decided.
  private List<String> findUnrecorded() {
    Set<Object> recorded = new HashSet<>();
    servers.database.committed("dead_letters").stream()
        .filter(row -> row.get("given_up_at") != null)
        .forEach(row -> recorded.add(row.get("message_id")));
    return servers.deadLetters.messages().stream()
        .map(SimulatedQueue.Entry::id)
        .filter(id -> !recorded.contains(id))
        .toList();
  }

  private boolean isRedriven(UUID ticketId) {
    return servers.redriven.stream().anyMatch(body -> body.contains(ticketId.toString()));
  }

  /// @param entries entries of the status store after the run
  List<String> check(Map<UUID, StatusEntry> entries) {
    violations.addAll(clients.defects());
    checkSeats();
    violations.addAll(seats.check());
    for (int eventId = 1; eventId <= plan.events().size(); eventId++) {
      violations.addAll(
          new SaleModel(servers.database, plan, eventId, mayKeepHolds(eventId)).check());
    }
    if (!seats.hasNoDueOffer()) {
      violated(4, "a waiting party that fits has no offer");
    }
    Map<UUID, Map<String, Object>> ledger = new HashMap<>();
    for (Map<String, Object> row : servers.database.committed("tickets")) {
      if (ledger.put(UUID.fromString((String) row.get("id")), row) != null) {
        violated(3, "two decisions of " + row.get("id"));
      }
    }
    checkReservations(ledger);
    checkConfirmations(ledger);
    checkTimes(ledger);
    for (Clients.Request request : clients.requests()) {
      Map<String, Object> decision = ledger.get(request.ticketId);
      if (request.accepted != null) {
        checkAccepted(request, decision, entries.get(request.ticketId));
      } else if (!request.lost) {
        checkRefused(request, decision, entries.get(request.ticketId));
      }
    }
    published.forEach((ticketId, outcomes) -> checkPublished(ticketId, outcomes, ledger));
    long dead =
        servers.deadLetters.messages().stream()
            .filter(entry -> !servers.deadLetters.isForced(entry))
            .count();
    if (dead > 0) {
      violated(4, dead + " dead letters");
    }
    if (!findUnrecorded().isEmpty()) {
      violated(4, "dead letters without record " + findUnrecorded());
    }
    return violations;
  }

  /// An undecided confirmation keeps holds beyond their end.
  private boolean mayKeepHolds(long eventId) {
    return clients.requests().stream()
            .anyMatch(request -> request.eventId == eventId && request.action == Action.CONFIRM)
        || plan.hasFaultOf("DATABASE")
        || plan.hasFaultOf("EVENT");
  }

  private void checkSeats() {
    Map<Object, Long> availableByEvent = new HashMap<>();
    for (Map<String, Object> type : servers.database.committed("seat_types")) {
      long taken = 0;
      for (Map<String, Object> row : servers.database.committed("reservations")) {
        if (row.get("event_id").equals(type.get("event_id"))
            && row.get("seat_type").equals(type.get("seat_type"))
            && SeatOracle.isActive(row)) {
          taken += (Long) row.get("quantity");
        }
      }
      long total = (Long) type.get("total_seats");
      long available = (Long) type.get("available_seats");
      availableByEvent.merge(type.get("event_id"), available, Long::sum);
      if (available < 0 || taken > total) {
        violated(1, "oversold " + type + ", taken " + taken);
      } else if (total - available - (Long) type.get("kept_seats") != taken) {
        violated(1, "seats of " + type + " differ from reservations, taken " + taken);
      }
    }
    for (Map<String, Object> event : servers.database.committed("events")) {
      if (!event.get("available_seats").equals(availableByEvent.get(event.get("id")))) {
        violated(1, "seats of event " + event.get("id") + " differ from its seat types");
      }
      checkLimit(event);
    }
  }

  private void checkLimit(Map<String, Object> event) {
    if (event.get("max_seats_per_user") == null) {
      return;
    }
    Map<Object, Long> seatsOfUser = new HashMap<>();
    for (Map<String, Object> row : servers.database.committed("reservations")) {
      if (row.get("event_id").equals(event.get("id")) && SeatOracle.isActive(row)) {
        seatsOfUser.merge(row.get("user_id"), (Long) row.get("quantity"), Long::sum);
      }
    }
    seatsOfUser.forEach((user, seats) -> {
      if (seats > (Long) event.get("max_seats_per_user")) {
        violated(1, "event " + event.get("id") + " exceeds the limit of a user, row=" + user);
      }
    });
  }

  private void checkReservations(Map<UUID, Map<String, Object>> ledger) {
    Map<Object, Map<String, Object>> byTicket = new HashMap<>();
    for (Map<String, Object> row : servers.database.committed("reservations")) {
      byTicket.put(row.get("ticket_id"), row);
      Map<String, Object> decision = ledger.get(UUID.fromString((String) row.get("ticket_id")));
      boolean offer = Long.valueOf(1).equals(row.get("offer"));
      if (decision == null
          || !(offer ? Set.of("JOINED") : Set.of("CONFIRMED", "HELD"))
              .contains(decision.get("decision"))) {
        violated(3, "reservation " + row.get("id") + " without decision");
      }
      if (row.get("status").equals("HELD")) {
        violated(5, "hold " + row.get("id") + " did not expire");
      }
    }
    byTicket.forEach((ticketId, reservation) -> {
      if (!isOffered(UUID.fromString((String) ticketId), reservation)) {
        violated(5, "reservation " + reservation.get("id") + " has another price");
      }
    });
    ledger.forEach((ticketId, decision) -> {
      if (decision.get("action").equals("BOOK")
          && Set.of("CONFIRMED", "HELD").contains(decision.get("decision"))) {
        Map<String, Object> reservation = byTicket.get(ticketId.toString());
        if (reservation == null) {
          violated(3, "booked ticket " + ticketId + " without reservation");
        } else if (!reservation.get("id").equals(decision.get("reservation_id"))) {
          violated(2, "ticket " + ticketId + " with a foreign reservation");
        }
      }
    });
  }

  /// A confirmation that was accepted before the end of its hold is in effect; another one is not.
  private void checkConfirmations(Map<UUID, Map<String, Object>> ledger) {
    Map<Object, Object> statuses = new HashMap<>();
    servers
        .database
        .committed("reservations")
        .forEach(row -> statuses.put(row.get("id"), row.get("status")));
    Map<Long, Instant> firstConfirmations = new HashMap<>();
    Set<Long> late = new HashSet<>();
    for (Clients.Request request : clients.requests()) {
      Map<String, Object> decision = ledger.get(request.ticketId);
      if (request.action != Action.CONFIRM
          || decision == null
          || !outcome(decision).equals("CONFIRMED")) {
        continue;
      }
      firstConfirmations.merge(
          request.reservationId,
          instant(decision.get("accepted_at")),
          (one, other) -> one.isBefore(other) ? one : other);
      if ("EXPIRED".equals(statuses.get(request.reservationId))) {
        violated(5, request + " confirmed a hold that expired");
      }
      if (request.holdEnd != null
          && !instant(decision.get("accepted_at")).isBefore(request.holdEnd)) {
        late.add(request.reservationId);
      }
    }
    for (Clients.Request request : clients.requests()) {
      if (late.contains(request.reservationId)
          && request.holdEnd != null
          && !firstConfirmations.get(request.reservationId).isBefore(request.holdEnd)) {
        violated(5, request + " was accepted after the end of its hold and confirmed");
      }
    }
  }

  /// Times of acceptances and decisions follow the clock of the database.
  private void checkTimes(Map<UUID, Map<String, Object>> ledger) {
    if (plan.hasFaultOf("DATABASE") || plan.hasFaultOf("EVENT")) {
      return; // a clock cannot be measured, or a transaction has blocked since its decision
    }
    Map<Object, Instant> committed = servers.database.commitTimes("tickets");
    ledger.forEach((ticketId, decision) -> {
      Instant time = committed.get(ticketId.toString());
      if (!outcome(decision).equals(GAVE_UP)
          && Duration.between(instant(decision.get("decided_at")), time)
                  .abs()
                  .compareTo(MAX_TIME_DIFFERENCE)
              > 0) {
        violated(5, "a decision has another time than its commit, row=" + decision);
      }
    });
    for (Clients.Request request : clients.requests()) {
      Map<String, Object> decision = ledger.get(request.ticketId);
      if (decision == null || request.answeredBy == null) {
        continue;
      }
      Instant acceptedAt = instant(decision.get("accepted_at"));
      if (acceptedAt.isBefore(request.firstAttempt.minus(MAX_TIME_DIFFERENCE))
          || acceptedAt.isAfter(lastAcceptance(request).plus(MAX_TIME_DIFFERENCE))) {
        violated(5, request + " was accepted at another time, row=" + decision);
      }
    }
  }

  /// Without the first entry, a repeated request may be decided at its own time.
  private Instant lastAcceptance(Clients.Request request) {
    return plan.hasFaultOf("REDIS") ? request.answeredBy : request.acceptedBy;
  }

  /// Returns true if each ingress process has read the clock of the database at its start.
  private boolean isClockKnown() {
    return !plan.hasFault(Fault.Kind.INGRESS_CLOCK) || !plan.hasFaultOf("DATABASE");
  }

  /// Returns true if an attempt of the request had the price of the reservation.
  private boolean isOffered(UUID ticketId, Map<String, Object> reservation) {
    BigDecimal quantity = new BigDecimal(reservation.get("quantity").toString());
    return clients.requests().stream()
        .filter(request -> request.ticketId.equals(ticketId))
        .flatMap(request -> request.prices.stream())
        .anyMatch(price ->
            price.multiply(quantity).compareTo((BigDecimal) reservation.get("total_price")) == 0);
  }

  private static String outcome(Map<String, Object> decision) {
    return decision.get("decision")
        + (decision.get("reason") == null ? "" : " " + decision.get("reason"));
  }

  private static Instant instant(Object time) {
    return ((LocalDateTime) time).toInstant(ZoneOffset.UTC);
  }

  private void checkAccepted(
      Clients.Request request, Map<String, Object> decision, StatusEntry entry) {
    if (decision == null) {
      violated(4, request + " was accepted and is undecided");
      return;
    }
    String outcome = outcome(decision);
    if (outcome.endsWith("GAVE_UP")
        && (!plan.hasFault(Fault.Kind.QUEUE_DEAD_LETTER) || isRedriven(request.ticketId))) {
      violated(4, request + " was accepted and given up");
    }
    request.answers.forEach(answer -> checkAnswer(request, answer, decision));
    if (entry != null && !outcome(entry.ticket()).equals(outcome) && !mayLackLine(entry)) {
      violated(
          2,
          request + " is " + outcome(entry.ticket()) + " in the status store, decided " + outcome);
    }
    Instant acceptedAt = instant(decision.get("accepted_at"));
    checkWindow(request, outcome);
    if (request.action == Action.CONFIRM
        && outcome.endsWith("HOLD_EXPIRED")
        && request.holdEnd != null
        && acceptedAt.isBefore(request.holdEnd)
        && !plan.hasFaultOf("REDIS")) {
      violated(5, request + " was accepted before the end of its hold and rejected");
    }
    Duration delay = Duration.between(acceptedAt, instant(decision.get("decided_at")));
    if (plan.faults().noneMatch(fault -> fault.mayDelay(request.eventId))
        && delay.compareTo(MAX_ISOLATED_DELAY) > 0) {
      violated(6, request + " was decided after " + delay);
    }
  }

  private void checkRefused(
      Clients.Request request,
      @Nullable Map<String, Object> decision,
      @Nullable StatusEntry entry) {
    if (decision != null && !plan.hasFaultOf("DATABASE") && !plan.hasFaultOf("EVENT")) {
      violated(3, request + " was refused " + request.refusals + " and is decided");
    }
    if (decision == null && entry != null && !plan.hasFaultOf("REDIS")) {
      violated(
          3, request + " was refused " + request.refusals + " and is " + outcome(entry.ticket()));
    }
  }

  /// Without the first entry, a repeated request has the price of its own time. Without a
  /// revocation of its command, a refused attempt may be decided at its price.
  private boolean isPriceKnown(Clients.Request request) {
    return (request.answers.size() == 1 || !plan.hasFaultOf("REDIS"))
        && (request.refusals.isEmpty() && !request.lost
            || !plan.hasFaultOf("DATABASE") && !plan.hasFaultOf("EVENT"));
  }

  private void checkAnswer(Clients.Request request, Ticket answer, Map<String, Object> decision) {
    if (isPriceKnown(request)
        && answer.totalPrice() != null
        && decision.get("total_price") != null
        && answer.totalPrice().amount().compareTo((BigDecimal) decision.get("total_price")) != 0) {
      violated(5, request + " was accepted at another price");
    }
    if (answer.status().isFinal()
        && !outcome(decision).equals(outcome(answer))
        && !(outcome(answer).equals(GAVE_UP) && plan.isRedriven())) {
      violated(2, request + " was answered " + outcome(answer) + ", decided " + outcome(decision));
    }
  }

  /// A worker finds a pending entry by its waiting line, which these faults may remove. Then a read
  /// of the overdue ticket publishes the decision.
  private boolean mayLackLine(StatusEntry entry) {
    return !entry.ticket().status().isFinal()
        && (plan.hasFault(Fault.Kind.REDIS_GARBAGE) || plan.hasFault(Fault.Kind.REDIS_EVICTION));
  }

  private static String outcome(Ticket ticket) {
    return ticket.status() + (ticket.reason() == null ? "" : " " + ticket.reason());
  }

  /// A request that was accepted while the sale was open is not rejected for its window.
  private void checkWindow(Clients.Request request, String outcome) {
    if (request.acceptedWhileOpen && outcome.endsWith("SALE_CLOSED")) {
      violated(5, request + " was accepted while the sale was open, decided " + outcome);
    }
    if (request.action.requestsSeats()
        && !request.attemptedWhileOpen
        && isClockKnown()
        && !outcome.startsWith("REJECTED")) {
      violated(5, request + " was sent after the end of the sale, decided " + outcome);
    }
  }

  /// A decision replaces `GAVE_UP` if a redrive started after it.
  private boolean isConsistent(UUID ticketId, Set<String> published, String decided) {
    return published.equals(Set.of(decided))
        || published.equals(Set.of(decided, GAVE_UP))
            && servers.database.committed("redrives").stream()
                .map(row -> instant(row.get("started_at")))
                .anyMatch(start -> !start.isBefore(givenUp.getOrDefault(ticketId, Instant.MIN)));
  }

  private void checkPublished(
      UUID ticketId, Set<String> outcomes, Map<UUID, Map<String, Object>> ledger) {
    Map<String, Object> decision = ledger.get(ticketId);
    if (decision == null) {
      violated(2, "published ticket " + ticketId + " without decision");
    } else if (!isConsistent(ticketId, outcomes, outcome(decision))) {
      violated(
          2, "ticket " + ticketId + " published as " + outcomes + ", decided " + outcome(decision));
    }
  }
}
