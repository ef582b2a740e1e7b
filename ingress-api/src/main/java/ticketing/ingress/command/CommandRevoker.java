package ticketing.ingress.command;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;
import ticketing.concurrent.BatchingExecutor;
import ticketing.database.DatabaseHealth;
import ticketing.domain.Command;
import ticketing.ingress.ticket.TicketEntity;
import ticketing.ingress.ticket.TicketRepository;
import ticketing.status.StatusEntry;

/// Takes back commands of which nobody knows whether the queue has them, so that their requests can
/// be refused.
///
/// Exact, because it happens under the lock of the event's row, under which every decision commits:
/// either the command is decided by then, and its decision is the answer, or it is written down as
/// withdrawn, and the worker that comes to have it leaves it alone.
///
/// What waits for the same event is withdrawn in one transaction, one after the other; so a long
/// outage of the queue costs the database few connections, and an event whose row is locked for
/// long keeps only its own requests waiting.
@Component
public class CommandRevoker {

  /// Most commands withdrawn in one transaction.
  private static final int TOGETHER = 100;

  /// Most events with a gathering of their own, and how long an idle one is kept.
  private static final int EVENTS = 10_000;

  private static final Duration REMEMBERED = Duration.ofMinutes(1);

  /// What became of a command.
  public sealed interface Outcome {

    /// It will never have an effect.
    record Withdrawn() implements Outcome {}

    /// The queue had it.
    record Decided(StatusEntry decision) implements Outcome {}

    /// It could not be withdrawn in time, and may yet be decided.
    record Unknown(String why) implements Outcome {}
  }

  private final RevokedCommandRepository rows;
  private final TicketRepository tickets;
  private final DatabaseHealth database;
  private final Clock clock;
  private final Duration timeout;
  private final Semaphore atOnce;
  private final TransactionTemplate transaction;
  private final CommandMetrics metrics;

  /// One for each event that had a command in doubt lately. Should one be dropped that is at work,
  /// its event has two for a while, which only wait for each other's lock.
  private final Cache<Long, BatchingExecutor<Command, Outcome>> events =
      Caffeine.newBuilder().maximumSize(EVENTS).expireAfterAccess(REMEMBERED).build();

  CommandRevoker(
      RevokedCommandRepository rows,
      TicketRepository tickets,
      DatabaseHealth database,
      Clock clock,
      QueueSettings settings,
      PlatformTransactionManager transactions,
      CommandMetrics metrics) {
    this.rows = rows;
    this.tickets = tickets;
    this.database = database;
    this.clock = clock;
    this.timeout = settings.revocationTimeout();
    this.atOnce = new Semaphore(settings.maxConcurrentRevocations(), true);
    this.metrics = metrics;
    this.transaction = new TransactionTemplate(transactions);
    transaction.setIsolationLevel(TransactionDefinition.ISOLATION_READ_COMMITTED);
    transaction.setTimeout(Math.toIntExact(Math.max(1, timeout.toSeconds())));
  }

  Outcome withdraw(Command command) {
    Outcome outcome = !database.isUp() ? new Outcome.Unknown("the database is away") : ask(command);
    metrics.countRevocation(outcome);
    return outcome;
  }

  private Outcome ask(Command command) {
    CompletableFuture<Outcome> asked =
        events
            .get(
                command.eventId(),
                id -> new BatchingExecutor<>("withdraw", TOGETHER, 1, group -> withdraw(id, group)))
            .submit(command);
    try {
      return asked.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      asked.cancel(false);
      return new Outcome.Unknown("not withdrawn in time");
    } catch (ExecutionException e) {
      return new Outcome.Unknown(String.valueOf(NestedExceptionUtils.getMostSpecificCause(e)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      asked.cancel(false);
      return new Outcome.Unknown("interrupted");
    }
  }

  private List<Outcome> withdraw(long eventId, List<Command> commands) {
    try {
      if (!atOnce.tryAcquire(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new QueryTimeoutException("too many withdrawals at once");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new QueryTimeoutException("interrupted", e);
    }
    try {
      return transaction.execute(tx -> withdrawAll(eventId, commands));
    } finally {
      atOnce.release();
    }
  }

  private List<Outcome> withdrawAll(long eventId, List<Command> commands) {
    rows.lockEvent(eventId);
    Map<UUID, StatusEntry> decided =
        tickets
            .find(commands.stream().map(command -> command.ticketId().toString()).toList())
            .stream()
            .map(TicketEntity::entry)
            .collect(Collectors.toMap(entry -> entry.ticket().ticketId(), entry -> entry));
    List<Command> undecided =
        commands.stream().filter(command -> !decided.containsKey(command.ticketId())).toList();
    if (!undecided.isEmpty()) {
      Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
      rows.saveAll(
          undecided.stream().map(command -> RevokedCommandEntity.of(command, now)).toList());
      rows.mark(eventId, now);
    }
    return commands.stream()
        .<Outcome>map(
            command ->
                decided.containsKey(command.ticketId())
                    ? new Outcome.Decided(decided.get(command.ticketId()))
                    : new Outcome.Withdrawn())
        .toList();
  }
}
