package ticketing.simulation.run;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import ticketing.domain.Action;
import ticketing.domain.Command;
import ticketing.domain.EventStatus;
import ticketing.domain.Money;
import ticketing.domain.SeatOffer;
import ticketing.domain.Ticket;
import ticketing.domain.TicketIds;
import ticketing.simulation.kernel.Kernel;
import ticketing.simulation.kernel.SimulatedRuntime;
import ticketing.simulation.plan.Fault;
import ticketing.simulation.plan.Plan;
import ticketing.simulation.process.IngressProcess;

/// Clients that send the requests of a plan and repeat them after a failure.
final class Clients {

  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(1_500);
  private static final long MAX_HANDLING_NANOS = TimeUnit.MILLISECONDS.toNanos(3);
  private static final long MAX_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final long MAX_REUSE_NANOS = TimeUnit.SECONDS.toNanos(12);
  private static final long NOT_READY_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

  /// Ticket of a request with its responses.
  static final class Request {
    final int element;
    final UUID ticketId;
    final long eventId;
    final Action action;
    final int quantity;
    final @Nullable Instant holdEnd;
    final Set<BigDecimal> prices = new HashSet<>(); // at the attempts
    final List<String> refusals = new ArrayList<>();
    final List<Ticket> answers = new ArrayList<>();
    @Nullable Ticket accepted; // first answer
    @Nullable Long reservationId; // of a confirmation or a cancellation
    @Nullable Instant firstAttempt; // simulated time
    @Nullable Instant acceptedBy; // simulated time of the first response
    @Nullable Instant answeredBy; // simulated time of the last response
    boolean lost; // an attempt without response
    boolean impatient; // repeats without a response, and after one
    boolean reused; // its key, by another request
    boolean attemptedWhileOpen;
    boolean lastAttemptOpen;
    boolean lastAttemptOnlyRepeated;
    boolean acceptedWhileOpen;
    int running;

    Request(
        int element,
        UUID ticketId,
        long eventId,
        Action action,
        int quantity,
        @Nullable Instant holdEnd) {
      this.element = element;
      this.ticketId = ticketId;
      this.eventId = eventId;
      this.action = action;
      this.quantity = quantity;
      this.holdEnd = holdEnd;
    }

    @Override
    public String toString() {
      return "element " + element + " ticket " + ticketId;
    }
  }

  private final Fleet fleet;
  private final Plan plan;
  private final Map<Integer, Request> byElement = new HashMap<>();
  private final List<Request> requests = new ArrayList<>();
  private final List<String> defects = new ArrayList<>();
  private final Administrator administrator;
  private int pending;

  Clients(Fleet fleet, Plan plan) {
    this.fleet = fleet;
    this.plan = plan;
    this.administrator = new Administrator(fleet.kernel(), fleet.servers().database, plan);
    for (int i = 0; i < plan.elements().size(); i++) {
      int number = i;
      switch (plan.elements().get(i)) {
        case Plan.Book book -> later(start(book), () -> book(number, book));
        case Plan.Join join -> later(start(join), () -> join(number, join));
        case Plan.Leave leave -> later(start(leave), () -> leave(number, leave));
        case Plan.FollowUp followUp -> later(start(followUp), () -> followUp(number, followUp));
        case Plan.ChangePrice change -> later(start(change), () -> changePrice(number, change));
        case Plan.Pause pause -> later(start(pause), () -> pause(pause));
        case Fault _ -> {}
        case null -> {}
      }
    }
  }

  private Kernel kernel() {
    return fleet.kernel();
  }

  private Instant now() {
    return Kernel.START.plusNanos(kernel().now());
  }

  private static long start(Plan.Element element) {
    return TimeUnit.MILLISECONDS.toNanos(Plan.START_MILLIS + element.atMillis());
  }

  boolean isFinished() {
    return pending == 0;
  }

  List<Request> requests() {
    return requests;
  }

  /// Exceptions that are no refusals.
  List<String> defects() {
    return defects;
  }

  static UUID ticketId(int element) {
    return new UUID(0x4000L | (long) element << 32, Long.MIN_VALUE | element);
  }

  private Request newRequest(
      int number, long event, Action action, int quantity, @Nullable Instant holdEnd) {
    Request request = new Request(number, ticketId(number), event, action, quantity, holdEnd);
    byElement.put(number, request);
    requests.add(request);
    return request;
  }

  private static @Nullable String fingerprint(int number, int attempts) {
    return attempts > 1 ? "fingerprint" + number : null;
  }

  private static String userId(int user) {
    return new UUID(0, user).toString();
  }

  /// Admits an attempt as the API does: while the sale is open and not paused, or if an earlier
  /// attempt with the same key may be accepted.
  ///
  /// @return price of one seat; null after the end of the sale
  /// @throws NotAdmittedException if the sale is closed
  private @Nullable Money admit(
      IngressProcess process, Request request, int event, String seatType, int attempts) {
    boolean open = isOpen(event);
    request.attemptedWhileOpen |= open;
    boolean cancelled = status(event).equals(EventStatus.CANCELLED.name());
    if (!open && (attempts == 1 || !process.isRepeated(request.ticketId, cancelled))) {
      throw new NotAdmittedException();
    }
    request.lastAttemptOpen = open;
    request.lastAttemptOnlyRepeated = !open && !cancelled;
    BigDecimal price = price(event, seatType);
    request.prices.add(price);
    return open ? new Money(price) : null;
  }

  private void book(int number, Plan.Book book) {
    Request request = newRequest(number, book.event(), Action.BOOK, book.quantity(), null);
    attempt(
        request,
        book.ingress(),
        book.attempts(),
        Instant.MAX,
        (process, attemptId) -> {
          Money price = admit(process, request, book.event(), book.seatType(), book.attempts());
          return acceptedAt ->
              new Command.BookSeats(
                  request.ticketId,
                  userId(book.user()),
                  book.event(),
                  book.seatType(),
                  book.quantity(),
                  acceptedAt,
                  fingerprint(number, book.attempts()),
                  attemptId,
                  price,
                  seats(book),
                  book.otherwiseBest() ? Command.BookSeats.Otherwise.BEST : null);
        });
  }

  private List<String> seats(Plan.Book book) {
    if (book.firstSeat() == null) {
      return List.of();
    }
    int seats = plan.events().get(book.event() - 1).seats(book.seatType());
    return IntStream.range(0, book.quantity())
        .mapToObj(i -> Venue.seatId(book.seatType(), (book.firstSeat() + i) % seats))
        .toList();
  }

  private void join(int number, Plan.Join join) {
    Request request = newRequest(number, join.event(), Action.JOIN, join.quantity(), null);
    attempt(
        request,
        join.ingress(),
        join.attempts(),
        Instant.MAX,
        (process, attemptId) -> {
          Money price = admit(process, request, join.event(), join.seatType(), join.attempts());
          return acceptedAt ->
              new Command.JoinWaitingList(
                  request.ticketId,
                  userId(join.user()),
                  join.event(),
                  join.seatType(),
                  join.quantity(),
                  acceptedAt,
                  fingerprint(number, join.attempts()),
                  attemptId,
                  price);
        });
  }

  /// A client reads its entry first, as the API does.
  private void leave(int number, Plan.Leave leave) {
    Request joined = byElement.get(leave.join());
    Optional<Map<String, Object>> entry =
        joined == null ? Optional.empty() : find("waiting_entries", joined.ticketId);
    if (entry.isEmpty()) {
      return;
    }
    Request request = newRequest(number, joined.eventId, Action.LEAVE, 0, null);
    attempt(
        request,
        leave.ingress(),
        leave.attempts(),
        Instant.MAX,
        (process, attemptId) ->
            acceptedAt ->
                new Command.LeaveWaitingList(
                    request.ticketId,
                    (String) entry.get().get("user_id"),
                    joined.eventId,
                    (Long) entry.get().get("id"),
                    acceptedAt,
                    fingerprint(number, leave.attempts()),
                    attemptId));
  }

  private Optional<Map<String, Object>> find(String table, UUID ticketId) {
    return fleet.servers().database.committed(table).stream()
        .filter(row -> row.get("ticket_id").equals(ticketId.toString()))
        .findFirst();
  }

  private List<Map<String, Object>> seatTypes(long event) {
    return fleet.servers().database.committed("seat_types").stream()
        .filter(row -> row.get("event_id").equals(event))
        .toList();
  }

  private BigDecimal price(long event, String seatType) {
    return (BigDecimal)
        seatTypes(event).stream()
            .filter(row -> row.get("seat_type").equals(seatType))
            .findFirst()
            .orElseThrow()
            .get("price");
  }

  private void changePrice(int number, Plan.ChangePrice change) {
    Request request = newRequest(number, change.event(), Action.CHANGE_SEATS, 0, null);
    List<SeatOffer> offers =
        seatTypes(change.event()).stream()
            .map(row ->
                new SeatOffer(
                    (String) row.get("seat_type"),
                    new Money(((BigDecimal) row.get("price")).add(BigDecimal.TEN)),
                    ((Long) row.get("total_seats")).intValue()))
            .toList();
    String administrator = new UUID(1, 0).toString();
    attempt(
        request,
        change.ingress(),
        1,
        Instant.MAX,
        (process, attemptId) ->
            acceptedAt ->
                new Command.ChangeSeats(
                    request.ticketId,
                    administrator,
                    change.event(),
                    offers,
                    acceptedAt,
                    null,
                    attemptId));
  }

  private void pause(Plan.Pause pause) {
    pending++;
    administrator.setStatus(
        pause.event(),
        pause.cancels() ? EventStatus.CANCELLED : EventStatus.PAUSED,
        () -> {
          if (pause.cancels()) {
            pending--;
          } else {
            kernel()
                .schedule(
                    TimeUnit.MILLISECONDS.toNanos(pause.forMillis()),
                    () ->
                        administrator.setStatus(
                            pause.event(), EventStatus.ACTIVE, () -> pending--));
          }
        });
  }

  /// The sale is closed or paused, and no earlier request may be accepted.
  private static final class NotAdmittedException extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /// A request is accepted some time after the check of the sale window.
  private void passTime() {
    try {
      SimulatedRuntime.sleep(TimeUnit.NANOSECONDS, kernel().random().nextLong(MAX_HANDLING_NANOS));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private boolean isOpen(int event) {
    return !isClosed(event) && status(event).equals(EventStatus.ACTIVE.name());
  }

  private String status(int event) {
    return fleet.servers().database.committed("events").stream()
        .filter(row -> row.get("id").equals((long) event))
        .map(row -> (String) row.get("status"))
        .findFirst()
        .orElseThrow();
  }

  private boolean isDecided(UUID ticketId) {
    return fleet.servers().database.committed("tickets").stream()
        .anyMatch(row ->
            row.get("id").equals(ticketId.toString()) && !"GAVE_UP".equals(row.get("reason")));
  }

  private boolean isClosed(int event) {
    Long closes = plan.events().get(event - 1).closesMillis();
    return closes != null && kernel().now() >= TimeUnit.MILLISECONDS.toNanos(closes);
  }

  /// A client reads the reservation first, as the API does.
  private void followUp(int number, Plan.FollowUp followUp) {
    Request booking = byElement.get(followUp.booking());
    Optional<Map<String, Object>> reservation =
        booking == null ? Optional.empty() : find("reservations", booking.ticketId);
    if (reservation.isEmpty()) {
      return;
    }
    Map<String, Object> row = reservation.get();
    Instant end =
        row.get("expires_at") == null
            ? null
            : ((LocalDateTime) row.get("expires_at")).toInstant(ZoneOffset.UTC);
    if (followUp.confirms() && end == null) {
      return;
    }
    Request request =
        newRequest(
            number,
            booking.eventId,
            followUp.confirms() ? Action.CONFIRM : Action.CANCEL,
            booking.quantity,
            "HELD".equals(row.get("status")) ? end : null);
    String fingerprint = fingerprint(number, followUp.attempts());
    long reservationId = (Long) row.get("id");
    request.reservationId = reservationId;
    String user = (String) row.get("user_id");
    attempt(
        request,
        followUp.ingress(),
        followUp.attempts(),
        followUp.confirms() ? end : Instant.MAX,
        (process, attemptId) ->
            acceptedAt ->
                followUp.confirms()
                    ? new Command.ConfirmHold(
                        request.ticketId,
                        user,
                        booking.eventId,
                        reservationId,
                        acceptedAt,
                        fingerprint,
                        attemptId)
                    : new Command.CancelReservation(
                        request.ticketId,
                        user,
                        booking.eventId,
                        reservationId,
                        false,
                        acceptedAt,
                        fingerprint,
                        attemptId));
  }

  /// Admission of an attempt.
  private interface Attempt {

    /// @return makes the command for a time of acceptance
    Function<Instant, Command> prepare(IngressProcess process, UUID attemptId);
  }

  private void attempt(Request request, int ingress, int attempts, Instant end, Attempt command) {
    IngressProcess process = fleet.ingress(ingress);
    if (!process.isReady()) {
      later(NOT_READY_NANOS, () -> attempt(request, ingress, attempts, end, command));
      return;
    }
    pending++;
    request.running++;
    if (request.firstAttempt == null) {
      request.firstAttempt = now();
      request.impatient = attempts == Plan.ATTEMPTS_OF_IMPATIENT_CLIENT;
    }
    boolean decided = isDecided(request.ticketId);
    if (request.impatient && attempts > 1) {
      later(
          kernel().random().nextLong(MAX_PATIENCE_NANOS),
          () -> attempt(request, 1 - ingress, attempts - 1, end, command));
    }
    boolean[] over = new boolean[1];
    Runnable retry =
        () -> {
          if (attempts > 1 && !request.impatient) {
            later(RETRY_NANOS, () -> attempt(request, 1 - ingress, attempts - 1, end, command));
          }
        };
    process
        .process()
        .onExit(() -> {
          if (!over[0]) {
            over[0] = true;
            request.lost = true;
            request.running--;
            pending--;
            retry.run();
          }
        });
    process
        .process()
        .start(
            "request",
            () -> {
              boolean accepted = false;
              try {
                var acceptedAt = command.prepare(process, TicketIds.newAttempt(request.ticketId));
                boolean open = request.lastAttemptOpen;
                passTime();
                Ticket ticket =
                    request.lastAttemptOnlyRepeated
                        ? process.acceptRepeated(acceptedAt, NotAdmittedException::new)
                        : process.accept(end, acceptedAt);
                request.acceptedWhileOpen |= open;
                if (request.accepted == null) {
                  request.accepted = ticket;
                  request.acceptedBy = now();
                }
                request.answeredBy = now();
                request.answers.add(ticket);
                if (decided && !ticket.status().isFinal() && !plan.hasFaultOf("DATABASE")) {
                  defects.add("guarantee 2: " + request + " was answered pending, decided before");
                }
                accepted = true;
                if (request.impatient && !request.reused) {
                  request.reused = true;
                  later(
                      kernel()
                          .random()
                          .nextLong(
                              kernel().random().nextBoolean()
                                  ? MAX_PATIENCE_NANOS
                                  : MAX_REUSE_NANOS),
                      () -> reuseKey(request, 1 - ingress, acceptedAt));
                }
                kernel().log().add("client", request + " accepted " + ticket.status());
              } catch (RuntimeException e) {
                request.refusals.add(String.valueOf(e.getMessage()));
                kernel().log().add("client", request + " refused " + e.getMessage());
                if (!(e instanceof NotAdmittedException)
                    && !e.getClass().getSimpleName().equals("ApiException")) {
                  defects.add("unexpected exception: " + trace(e));
                }
              }
              over[0] = true;
              request.running--;
              pending--;
              if (!accepted) {
                retry.run();
              }
            });
  }

  /// Sends another booking with the key of an accepted one. It is refused while its ticket can be
  /// read.
  private void reuseKey(Request request, int ingress, Function<Instant, Command> acceptedAt) {
    IngressProcess process = fleet.ingress(ingress);
    if (request.action != Action.BOOK
        || !process.isReady()
        || plan.hasFaultOf("REDIS")
        || plan.hasFaultOf("DATABASE")) {
      return;
    }
    process
        .process()
        .start(
            "request",
            () -> {
              try {
                process.accept(Instant.MAX, time -> otherBooking(acceptedAt.apply(time)));
                defects.add("guarantee 3: the key of " + request + " was reused");
              } catch (RuntimeException e) {
                kernel().log().add("client", "key of " + request + " refused " + e.getMessage());
              }
            });
  }

  private static Command otherBooking(Command command) {
    Command.BookSeats book = (Command.BookSeats) command;
    return new Command.BookSeats(
        book.ticketId(),
        book.userId(),
        book.eventId(),
        book.seatType(),
        book.quantity(),
        book.acceptedAt(),
        "other",
        TicketIds.newAttempt(book.ticketId()),
        book.price(),
        List.of(),
        null);
  }

  static String trace(Throwable failure) {
    java.io.StringWriter text = new java.io.StringWriter();
    failure.printStackTrace(new java.io.PrintWriter(text));
    return text.toString();
  }

  private void later(long nanos, Runnable task) {
    pending++;
    kernel()
        .schedule(
            nanos,
            () -> {
              pending--;
              task.run();
            });
  }
}
