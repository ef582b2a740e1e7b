package ticketing.ingress.command;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import ticketing.domain.Action;
import ticketing.domain.Command;
import ticketing.domain.Ticket;
import ticketing.ingress.command.CommandMetrics.Acceptance;
import ticketing.ingress.command.CommandRevoker.Revocation;
import ticketing.ingress.command.SqsCommandSender.SendResult;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.ratelimit.UndecidedBookings;
import ticketing.ingress.ticket.DecisionReader;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.SendRegister;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.userfeed.UserChange.TicketAccepted;
import ticketing.userfeed.UserChanges;

/// Accepts commands: idempotency, status store, send, resolution of doubt.
///
/// A command with a ticket is durably queued or already decided. A command with an exception has no
/// effect, with one exception: neither the queue nor the database answers. Then the request is
/// refused, and a worker decides the command if the queue has stored it. A client that repeats the
/// request with its `Idempotency-Key` gets that decision.
@Component
public class CommandAcceptor {

  private static final Logger log = LoggerFactory.getLogger(CommandAcceptor.class);

  private static final Duration RETRY_DELAY = Duration.ofSeconds(2);
  private static final Deadline ALWAYS =
      new Deadline(Instant.MAX, () -> new IllegalStateException("always in time"));

  private final BacklogLimit backlog;
  private final DecisionReader decisions;
  private final StatusStore statusStore;
  private final SendRegister.Sender sends;
  private final SqsCommandSender sender;
  private final CommandRevoker revoker;
  private final UndecidedBookings undecided;
  private final Clock clock;
  private final QueueSettings settings;
  private final CommandMetrics metrics;
  private final Consumer<TicketAccepted> accepted;
  private final Semaphore permits;

  @Autowired
  CommandAcceptor(
      BacklogLimit backlog,
      DecisionReader decisions,
      StatusStore statusStore,
      SendRegister.Sender sends,
      SqsCommandSender sender,
      CommandRevoker revoker,
      UndecidedBookings undecided,
      Clock clock,
      QueueSettings settings,
      CommandMetrics metrics,
      UserChanges changes) {
    this(
        backlog,
        decisions,
        statusStore,
        sends,
        sender,
        revoker,
        undecided,
        clock,
        settings,
        metrics,
        changes::publishLater);
  }

  private CommandAcceptor(
      BacklogLimit backlog,
      DecisionReader decisions,
      StatusStore statusStore,
      SendRegister.Sender sends,
      SqsCommandSender sender,
      CommandRevoker revoker,
      UndecidedBookings undecided,
      Clock clock,
      QueueSettings settings,
      CommandMetrics metrics,
      Consumer<TicketAccepted> accepted) {
    this.backlog = backlog;
    this.decisions = decisions;
    this.statusStore = statusStore;
    this.sends = sends;
    this.sender = sender;
    this.revoker = revoker;
    this.undecided = undecided;
    this.clock = clock;
    this.settings = settings;
    this.metrics = metrics;
    this.accepted = accepted;
    this.permits = new Semaphore(settings.maxInFlight());
  }

  /// Returns an acceptor for a warm-up, which sends to another queue and neither counts nor
  /// publishes.
  public CommandAcceptor sendingTo(SqsAsyncClient queue) {
    return new CommandAcceptor(
        backlog,
        decisions,
        statusStore,
        sends,
        new SqsCommandSender(queue, new QueueUrls(queue, settings), settings),
        revoker,
        undecided,
        clock,
        settings,
        new CommandMetrics(new SimpleMeterRegistry()),
        change -> {});
  }

  /// Time before which a first request is accepted.
  ///
  /// @param late exception of a later one
  private record Deadline(Instant end, Supplier<? extends RuntimeException> late) {}

  /// Accepts a command at the current time.
  ///
  /// @param acceptedAt makes the command for a time of acceptance; a repeated request gets the
  ///   command of its first time
  /// @return pending, or decided if a worker has decided the command already
  /// @throws ApiException `QUEUE_UNAVAILABLE` if the command is not queued, `RATE_LIMITED` if the
  ///   user has too many undecided bookings for the event, `IDEMPOTENCY_KEY_REUSED` if the ticket
  ///   belongs to another request, `DATABASE_UNAVAILABLE` if a decision of an earlier request
  ///   cannot be excluded
  public Ticket accept(Function<Instant, Command> acceptedAt) {
    return accept(acceptedAt, ALWAYS);
  }

  /// Accepts a command as [#accept] only if the request is repeated. The entry of its first time
  /// can be evicted after [#isKnownToBeRepeated], and a worker could decide the command at this
  /// time ahead of the first one.
  ///
  /// @param unknown exception if there is no earlier request
  public Ticket acceptRepeated(
      Function<Instant, Command> acceptedAt, Supplier<? extends RuntimeException> unknown) {
    return accept(acceptedAt, new Deadline(Instant.MIN, unknown));
  }

  /// Accepts a command as [#accept] if the time is before `end` after the status store has its
  /// entry. So a worker that reads the status store at or after `end` finds each accepted command
  /// that is undecided. A repeated request is accepted at any time.
  ///
  /// @throws ApiException additionally `HOLD_EXPIRED` if the time is not before `end`
  public Ticket acceptUntil(Instant end, Function<Instant, Command> acceptedAt) {
    return accept(
        acceptedAt,
        new Deadline(end, () -> ApiException.of(ErrorCode.HOLD_EXPIRED, "The hold has expired.")));
  }

  private Ticket accept(Function<Instant, Command> acceptedAt, Deadline deadline) {
    Command command = acceptedAt.apply(clock.instant().truncatedTo(ChronoUnit.MICROS));
    Acceptance result = Acceptance.REFUSED;
    try (var _ = MDC.putCloseable("ticket", command.ticketId().toString());
        var _ = MDC.putCloseable("event", String.valueOf(command.eventId()))) {
      Ticket ticket = acceptWithPermit(acceptedAt, command, deadline);
      boolean first = command.acceptedAt().equals(ticket.acceptedAt());
      result = first ? Acceptance.ACCEPTED : Acceptance.REPEATED;
      publish(command);
      return ticket;
    } catch (ApiException e) {
      if (e.code() == ErrorCode.IDEMPOTENCY_KEY_REUSED) {
        result = Acceptance.MISUSED;
      }
      throw e;
    } finally {
      metrics.countAcceptance(command.action(), result);
    }
  }

  /// Other devices of the user subscribe to the ticket.
  private void publish(Command command) {
    if (command.action() != Action.CHANGE_SEATS) {
      accepted.accept(new TicketAccepted(command.ticketId(), List.of(command.userId())));
    }
  }

  /// Rejects excess commands before any I/O and without a log line: the metrics count them.
  private Ticket acceptWithPermit(
      Function<Instant, Command> acceptedAt, Command command, Deadline deadline) {
    if (!backlog.admits() || !permits.tryAcquire()) {
      throw queueUnavailable();
    }
    try {
      return findEarlier(command)
          .map(earlier -> repeat(acceptedAt, command, earlier))
          .orElseGet(() -> acceptFirst(acceptedAt, command, deadline));
    } finally {
      permits.release();
    }
  }

  /// Entry of an earlier request with the same `Idempotency-Key`, from the ledger, which decides
  /// whether the ticket is final. While the database is unavailable, from the status store.
  private Optional<StatusEntry> findEarlier(Command command) {
    if (command.fingerprint() == null) {
      return Optional.empty();
    }
    return switch (decisions.lookUp(command.ticketId())) {
      case DecisionReader.Lookup.Decided(StatusEntry decision) -> Optional.of(decision);
      case DecisionReader.Lookup.Undecided _ -> Optional.empty();
      case DecisionReader.Lookup.Unavailable _ -> Optional.of(requireStored(command.ticketId()));
    };
  }

  /// Without an entry the ticket may be new or final: it must not become pending.
  private StatusEntry requireStored(UUID ticketId) {
    try {
      return statusStore.find(ticketId).orElseThrow(CommandAcceptor::databaseUnavailable);
    } catch (RedisUnavailableException e) {
      throw databaseUnavailable();
    }
  }

  private Ticket acceptFirst(
      Function<Instant, Command> acceptedAt, Command command, Deadline deadline) {
    StatusEntry pending = StatusEntry.pending(command);
    Optional<StatusStore.Stored> stored = storeFirst(pending);
    if (stored.map(StatusStore.Stored::overLimit).orElseGet(() -> !undecided.addLocally(pending))) {
      sends.finish(pending);
      throw undecided.refuse();
    }
    Optional<StatusEntry> earlier = stored.flatMap(StatusStore.Stored::earlier);
    if (earlier.isPresent()) {
      sends.finish(pending);
      return repeat(acceptedAt, command, earlier.get());
    }
    if (!clock.instant().isBefore(deadline.end())) {
      removePending(pending);
      throw deadline.late().get();
    }
    return switch (enqueue(command)) {
      case Enqueueing.Queued _ -> {
        sends.finish(pending);
        yield stored.map(StatusStore.Stored::ticket).orElseGet(pending::ticket);
      }
      case Enqueueing.Decided(StatusEntry decision) -> {
        sends.finish(pending);
        yield requireSameRequest(command, decision);
      }
      case Enqueueing.NotQueued _ -> {
        removePending(pending);
        undecided.removeLocally(pending);
        throw queueUnavailable();
      }
    };
  }

  private Optional<StatusStore.Stored> storeFirst(StatusEntry pending) {
    Optional<StatusStore.Stored> stored = join(statusStore.storePending(pending, undecided.max()));
    return stored.isPresent() && stored.get().overLimit() && removeDecided(pending)
        ? join(statusStore.storePending(pending, undecided.max()))
        : stored;
  }

  private boolean removeDecided(StatusEntry pending) {
    try {
      return undecided.removeDecided(pending);
    } catch (RedisUnavailableException e) {
      return false;
    }
  }

  /// The command stays registered if its entry may still exist.
  private void removePending(StatusEntry pending) {
    try {
      statusStore.removePending(pending).join();
      sends.finish(pending);
    } catch (CompletionException e) {
      if (!(e.getCause() instanceof RedisUnavailableException)) {
        log.error("cannot remove pending ticket", e);
      }
    }
  }

  /// Answers a repeated request with the ticket of its first time. The command of an undecided one
  /// is sent again, because the first send may fail later.
  private Ticket repeat(
      Function<Instant, Command> acceptedAt, Command command, StatusEntry earlier) {
    Ticket ticket = requireSameRequest(command, earlier);
    if (ticket.status().isFinal()) {
      return ticket;
    }
    Command repeated = ofFirstTime(acceptedAt, ticket);
    return switch (enqueue(repeated)) {
      case Enqueueing.Queued _ -> claim(StatusEntry.pending(repeated), ticket);
      case Enqueueing.Decided(StatusEntry decision) -> requireSameRequest(command, decision);
      case Enqueueing.NotQueued _ -> throw queueUnavailable();
    };
  }

  /// The command with the time and the price of its first acceptance.
  private static Command ofFirstTime(Function<Instant, Command> acceptedAt, Ticket first) {
    return switch (acceptedAt.apply(first.acceptedAt())) {
      case Command.BookSeats book ->
          book.withPrice(
              first.totalPrice() == null ? null : first.totalPrice().divide(book.quantity()));
      case Command.JoinWaitingList join ->
          join.withPrice(
              first.totalPrice() == null ? null : first.totalPrice().divide(join.quantity()));
      case Command.LeaveWaitingList leave -> leave;
      case Command.ConfirmHold confirm -> confirm;
      case Command.CancelReservation cancel -> cancel;
      case Command.ChangeSeats change -> change;
    };
  }

  /// An absent entry is stored again only if the ledger has no decision: the ticket of a decision
  /// must not become pending.
  private Ticket claim(StatusEntry pending, Ticket known) {
    Optional<StatusStore.Stored> claimed =
        join(statusStore.claimPending(pending)).flatMap(stored -> stored);
    if (claimed.isPresent()) {
      return claimed.get().ticket();
    }
    return switch (decisions.lookUp(known.ticketId())) {
      case DecisionReader.Lookup.Decided(StatusEntry decision) -> decision.ticket();
      case DecisionReader.Lookup.Undecided _ -> {
        Optional<StatusStore.Stored> stored = join(statusStore.storePending(pending));
        sends.finish(pending);
        yield stored.map(StatusStore.Stored::ticket).orElse(known);
      }
      case DecisionReader.Lookup.Unavailable _ -> known;
    };
  }

  private static Ticket requireSameRequest(Command command, StatusEntry entry) {
    if (command.fingerprint() != null && !entry.hasFingerprint(command.fingerprint())) {
      throw ApiException.of(
          ErrorCode.IDEMPOTENCY_KEY_REUSED, "This Idempotency-Key belongs to another request.");
    }
    return entry.ticket();
  }

  /// Result of a send after the resolution of doubt.
  private sealed interface Enqueueing {
    record Queued() implements Enqueueing {}

    record Decided(StatusEntry decision) implements Enqueueing {}

    record NotQueued() implements Enqueueing {}
  }

  private Enqueueing enqueue(Command command) {
    return switch (sender.send(command)) {
      case SendResult.Accepted _ -> new Enqueueing.Queued();
      case SendResult.Refused(String cause) -> {
        log.warn("queue refused command, cause={}", cause);
        yield new Enqueueing.NotQueued();
      }
      case SendResult.InDoubt(String cause) -> resolve(command, cause);
    };
  }

  private Enqueueing resolve(Command command, String doubt) {
    return switch (revoker.revoke(command)) {
      case Revocation.Revoked _ -> {
        log.warn("command in doubt revoked, doubt={}", doubt);
        yield new Enqueueing.NotQueued();
      }
      case Revocation.Decided(StatusEntry decision) -> {
        log.warn("command in doubt is decided, doubt={}", doubt);
        yield new Enqueueing.Decided(decision);
      }
      case Revocation.Unknown(String cause) -> {
        log.error("command refused but may be decided, doubt={}, cause={}", doubt, cause);
        yield new Enqueueing.NotQueued();
      }
    };
  }

  /// Returns true if an earlier request with this key was accepted, or may have been accepted as
  /// far as can be read.
  public boolean isRepeated(IdempotencyKey request) {
    return request.mayBeRepeated() && mayBeAccepted(request.ticketId());
  }

  /// As [#isRepeated], for a request whose command a worker would decide otherwise than an earlier
  /// one: then a first request must not be queued.
  ///
  /// @throws ApiException `QUEUE_UNAVAILABLE` if the acceptance of an earlier request cannot be
  ///   read
  public boolean isKnownToBeRepeated(IdempotencyKey request) {
    return request.mayBeRepeated() && isAccepted(request.ticketId());
  }

  /// Returns the ticket of an earlier request with this key, which may have had another body; empty
  /// if there is none.
  ///
  /// @throws ApiException as [#isKnownToBeRepeated]
  public Optional<Ticket> findEarlier(IdempotencyKey request) {
    return request.mayBeRepeated() ? findAccepted(request.ticketId()) : Optional.empty();
  }

  private boolean isAccepted(UUID ticketId) {
    return findAccepted(ticketId).isPresent();
  }

  private Optional<Ticket> findAccepted(UUID ticketId) {
    try {
      return findStoredOrDecided(ticketId).map(StatusEntry::ticket);
    } catch (RedisUnavailableException e) {
      return Optional.of(
          findDecision(ticketId).orElseThrow(CommandAcceptor::queueUnavailable).ticket());
    }
  }

  private Optional<StatusEntry> findStoredOrDecided(UUID ticketId) {
    return statusStore.find(ticketId).or(() -> findDecision(ticketId));
  }

  private Optional<StatusEntry> findDecision(UUID ticketId) {
    return decisions.lookUp(ticketId) instanceof DecisionReader.Lookup.Decided(StatusEntry decision)
        ? Optional.of(decision)
        : Optional.empty();
  }

  private boolean mayBeAccepted(UUID ticketId) {
    try {
      return findStoredOrDecided(ticketId).isPresent();
    } catch (RedisUnavailableException e) {
      return true;
    }
  }

  public static ApiException queueUnavailable() {
    return ApiException.withRetryAfter(
        ErrorCode.QUEUE_UNAVAILABLE, "The queue accepts no requests at present.", RETRY_DELAY);
  }

  private static ApiException databaseUnavailable() {
    return ApiException.withRetryAfter(
        ErrorCode.DATABASE_UNAVAILABLE, "The database is unavailable.", RETRY_DELAY);
  }

  /// Empty if the status store is unavailable or its entry unreadable: a queued command is accepted
  /// without an entry.
  private static <T> Optional<T> join(CompletableFuture<T> stage) {
    try {
      return Optional.ofNullable(stage.join());
    } catch (CompletionException e) {
      if (!(e.getCause() instanceof RedisUnavailableException)) {
        log.error("cannot use the status store", e);
      }
      return Optional.empty();
    }
  }
}
