package ticketing.ingress.command;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.support.TransactionTemplate;
import ticketing.concurrent.BatchingExecutor;
import ticketing.database.DatabaseErrors;
import ticketing.database.DatabaseHealth;
import ticketing.domain.Command;
import ticketing.ingress.ticket.TicketEntity;
import ticketing.ingress.ticket.TicketRepository;
import ticketing.status.StatusEntry;

/// Revokes commands in doubt, so that their requests can be refused. A worker skips a revoked
/// command.
///
/// A revocation holds the lock of the event's row, under which every decision commits. So the
/// command either has its decision already, or is recorded as revoked before any decision.
///
/// The commands of one event are revoked together, one transaction after the other. A long outage
/// of the queue therefore uses few database connections, and a locked event delays only its own
/// requests.
@Component
class CommandRevoker {

  private static final int MAX_BATCH_SIZE = 100; // commands in one transaction
  private static final int MAX_EVENTS = 10_000; // with a batch of their own
  private static final Duration RETRY_DELAY = Duration.ofMillis(50);
  private static final Duration EVENT_TTL = Duration.ofMinutes(1);

  /// Result of a revocation.
  sealed interface Revocation {

    /// The command will have no effect.
    record Revoked() implements Revocation {}

    /// The queue had the command, and a worker has decided it.
    record Decided(StatusEntry decision) implements Revocation {}

    /// The command was not revoked within the timeout, and a worker may still decide it.
    record Unknown(String cause) implements Revocation {}
  }

  private final RevokedCommandRepository revokedCommands;
  private final TicketRepository tickets;
  private final DatabaseHealth database;
  private final Clock clock;
  private final Duration timeout;
  private final Semaphore transactionPermits;
  private final TransactionTemplate transaction;
  private final CommandMetrics metrics;

  /// Batches of the events with recent commands in doubt. After an early eviction an event has two,
  /// of which the second blocks on the row lock of the first.
  private final Cache<Long, BatchingExecutor<Command, Revocation>> batches =
      Caffeine.newBuilder().maximumSize(MAX_EVENTS).expireAfterAccess(EVENT_TTL).build();

  CommandRevoker(
      RevokedCommandRepository revokedCommands,
      TicketRepository tickets,
      DatabaseHealth database,
      Clock clock,
      QueueSettings settings,
      PlatformTransactionManager transactions,
      CommandMetrics metrics) {
    this.revokedCommands = revokedCommands;
    this.tickets = tickets;
    this.database = database;
    this.clock = clock;
    this.timeout = settings.revocationTimeout();
    this.transactionPermits = new Semaphore(settings.maxConcurrentRevocations(), true);
    this.metrics = metrics;
    this.transaction = new TransactionTemplate(transactions);
    transaction.setIsolationLevel(TransactionDefinition.ISOLATION_READ_COMMITTED);
    transaction.setTimeout(Math.toIntExact(Math.max(1, timeout.toSeconds())));
  }

  /// Blocks for at most [QueueSettings#revocationTimeout()].
  Revocation revoke(Command command) {
    Revocation revocation =
        database.isUp() ? submit(command) : new Revocation.Unknown("database unavailable");
    metrics.countRevocation(revocation);
    return revocation;
  }

  private Revocation submit(Command command) {
    CompletableFuture<Revocation> result =
        batches
            .get(
                command.eventId(),
                id ->
                    new BatchingExecutor<>(
                        "revoke-commands", MAX_BATCH_SIZE, 1, batch -> revokeBatch(id, batch)))
            .submit(command);
    try {
      return result.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      result.cancel(false);
      return new Revocation.Unknown("not revoked within the timeout");
    } catch (ExecutionException e) {
      return new Revocation.Unknown(String.valueOf(NestedExceptionUtils.getMostSpecificCause(e)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      result.cancel(false);
      return new Revocation.Unknown("interrupted");
    }
  }

  private List<Revocation> revokeBatch(long eventId, List<Command> commands) {
    try {
      if (!transactionPermits.tryAcquire(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new QueryTimeoutException("too many concurrent revocations");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new QueryTimeoutException("interrupted", e);
    }
    try {
      return revokeWithRetries(eventId, commands);
    } finally {
      transactionPermits.release();
    }
  }

  /// A deadlock or a lost connection must not leave commands in doubt while their requests wait.
  private List<Revocation> revokeWithRetries(long eventId, List<Command> commands) {
    long lastRetry = System.nanoTime() + timeout.minus(RETRY_DELAY).toNanos();
    while (true) {
      try {
        return transaction.execute(status -> revokeUndecided(eventId, commands));
      } catch (DataAccessException | TransactionException e) {
        if (!DatabaseErrors.isRetryable(e)
            || !database.isUp()
            || System.nanoTime() - lastRetry >= 0
            || !pause()) {
          throw e;
        }
      }
    }
  }

  /// @return false if interrupted
  private static boolean pause() {
    try {
      Thread.sleep(RETRY_DELAY);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private List<Revocation> revokeUndecided(long eventId, List<Command> commands) {
    revokedCommands.lockEvent(eventId);
    Map<UUID, Optional<StatusEntry>> decisions =
        tickets
            .find(commands.stream().map(command -> command.ticketId().toString()).toList())
            .stream()
            .collect(Collectors.toMap(TicketEntity::ticketId, TicketEntity::entry));
    List<Command> undecided =
        commands.stream().filter(command -> !decisions.containsKey(command.ticketId())).toList();
    if (!undecided.isEmpty()) {
      Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
      revokedCommands.saveAll(
          undecided.stream().map(command -> RevokedCommandEntity.of(command, now)).toList());
      revokedCommands.markEvent(eventId, now);
    }
    return commands.stream()
        .<Revocation>map(command ->
            decisions.containsKey(command.ticketId())
                ? ofDecision(decisions.get(command.ticketId()))
                : new Revocation.Revoked())
        .toList();
  }

  private static Revocation ofDecision(Optional<StatusEntry> decision) {
    return decision
        .<Revocation>map(Revocation.Decided::new)
        .orElseGet(() -> new Revocation.Unknown("a newer version decided the command"));
  }
}
