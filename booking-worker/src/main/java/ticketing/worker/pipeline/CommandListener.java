package ticketing.worker.pipeline;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.CannotAcquireLockException;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import ticketing.database.DatabaseErrors;
import ticketing.database.DatabaseHealth;
import ticketing.domain.Command;
import ticketing.tracing.Traces;
import ticketing.worker.pipeline.CommandQueue.QueueUnavailableException;
import ticketing.worker.pipeline.Delivery.QueuedCommand;
import ticketing.worker.pipeline.RetryAwareLimiter.Permit;

/// Control flow of a worker: receive, batch by event, decide, publish, acknowledge.
///
/// Two kinds of virtual threads run it. Pollers receive deliveries and add their commands to the
/// batches ([#receive]). One thread for each event with commands processes its batches in FIFO
/// order ([#processEvent]). A message is deleted last, so the queue delivers it again after any
/// failure.
@Component
class CommandListener implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(CommandListener.class);
  private static final Duration MAX_RETRY_DELAY = Duration.ofSeconds(1);
  private static final Duration IDLE_CHECK_INTERVAL = Duration.ofSeconds(1);

  private final CommandQueue queue;
  private final BoxOffice boxOffice;
  private final DecisionPublisher publisher;
  private final DatabaseHealth database;
  private final PipelineSettings settings;
  private final PipelineMetrics metrics;
  private final Traces traces;
  private final EventBatcher<QueuedCommand> batcher;
  private final RetryAwareLimiter limiter;
  private final Semaphore inFlightPermits;
  private final Semaphore helperRequests = new Semaphore(0);
  private ExecutorService pollers;
  private ExecutorService eventThreads;
  private volatile boolean running;

  CommandListener(
      CommandQueue queue,
      BoxOffice boxOffice,
      DecisionPublisher publisher,
      DatabaseHealth database,
      PipelineSettings settings,
      PipelineMetrics metrics,
      Traces traces) {
    this.queue = queue;
    this.boxOffice = boxOffice;
    this.publisher = publisher;
    this.database = database;
    this.settings = settings;
    this.metrics = metrics;
    this.traces = traces;
    this.batcher = new EventBatcher<>(settings.maxBatchSize());
    this.limiter = new RetryAwareLimiter(settings.maxConcurrentBatches());
    this.inFlightPermits = new Semaphore(settings.maxInFlight());
    metrics.gauge(
        "ticketing.in.flight",
        "messages",
        "Received messages that are not deleted yet",
        () -> settings.maxInFlight() - inFlightPermits.availablePermits());
  }

  /// Result of the transaction of a batch, or of a part of it.
  private sealed interface BatchResult {

    List<QueuedCommand> commands();

    record Committed(List<QueuedCommand> commands, CommittedBatch batch) implements BatchResult {}

    /// The database was unavailable or busy. The queue delivers the commands again.
    record Undecided(List<QueuedCommand> commands) implements BatchResult {}

    /// A command of the batch cannot be processed.
    record Failed(List<QueuedCommand> commands) implements BatchResult {}
  }

  @Override
  public void start() {
    running = true;
    eventThreads = Executors.newVirtualThreadPerTaskExecutor();
    pollers = Executors.newVirtualThreadPerTaskExecutor();
    pollers.execute(() -> poll(true));
    for (int helper = 1; helper < settings.pollers(); helper++) {
      pollers.execute(() -> poll(false));
    }
  }

  /// One poller always receives. The others help while receive calls return full batches, so an
  /// idle worker uses one long poll at a time.
  private void poll(boolean permanent) {
    while (running) {
      try {
        if (!permanent
            && !helperRequests.tryAcquire(IDLE_CHECK_INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
          continue;
        }
        database.awaitUp();
        boolean full = receive(permanent ? settings.pollWait() : Duration.ZERO);
        while (running && full) {
          helperRequests.release(helperRequests.availablePermits() < settings.pollers() ? 1 : 0);
          full = receive(permanent ? settings.pollWait() : Duration.ZERO);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (QueueUnavailableException e) {
        log.warn(
            "cannot receive from queue, retry={}ms cause={}",
            MAX_RETRY_DELAY.toMillis(),
            rootCause(e));
        sleep(MAX_RETRY_DELAY);
      }
    }
  }

  /// Receives deliveries and adds their commands to the batches of their events.
  ///
  /// @return true if there are probably more messages
  private boolean receive(Duration maxWait) throws InterruptedException {
    inFlightPermits.acquire(CommandQueue.MAX_BATCH_SIZE);
    List<Delivery> deliveries = List.of();
    try {
      if (!running || !database.isUp()) {
        return false;
      }
      deliveries = queue.receive(maxWait);
    } finally {
      inFlightPermits.release(CommandQueue.MAX_BATCH_SIZE - deliveries.size());
    }
    for (Delivery delivery : deliveries) {
      metrics.recordReceived(delivery.receiveCount() > 1);
      // The receive call holds one permit for each message. The other permits become available
      // without this thread, because a poller holds none while it is blocked here.
      inFlightPermits.acquire(delivery.weight() - 1);
      if (delivery.unreadableCommands() > 0) {
        // The message is never acknowledged: SQS moves it to the dead-letter queue after its last
        // receive. Its readable commands are decided.
        metrics.recordUnreadable(delivery.unreadableCommands());
        queue.release(delivery);
      }
      if (delivery.commands().isEmpty()) {
        inFlightPermits.release(delivery.weight());
      }
      for (QueuedCommand queued : delivery.commands()) {
        long eventId = queued.command().eventId();
        if (batcher.add(eventId, queued)) {
          eventThreads.execute(() -> processEvent(eventId));
        }
      }
    }
    return deliveries.size() == CommandQueue.MAX_BATCH_SIZE;
  }

  /// The pipeline of an event, until it has no more commands: batch -> lock { transaction { read,
  /// expire due holds, decide, write } } -> publish -> acknowledge. The lock and the transaction
  /// are in [BoxOffice#decide].
  ///
  /// The publication and the acknowledgement of a batch run during the transaction of the next
  /// batch. The publications of an event keep the order of its transactions.
  private void processEvent(long eventId) {
    Permit permit = limiter.newPermit();
    Thread publication = null;
    try {
      while (true) {
        permit.acquire();
        List<QueuedCommand> batch = batcher.nextBatch(eventId);
        if (batch.isEmpty()) {
          permit.release();
          join(publication);
          if (batcher.removeIfEmpty(eventId)) {
            return;
          }
          continue;
        }
        List<BatchResult> results = decide(eventId, batch, permit);
        permit.release();
        join(publication);
        publication =
            Thread.ofVirtual()
                .name("publish-" + eventId)
                .start(() -> publishAndAcknowledge(eventId, results));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      permit.release();
    }
  }

  /// Decides a batch in one transaction. If a command of the batch cannot be processed, each
  /// command is decided alone, so it affects no other command.
  private List<BatchResult> decide(long eventId, List<QueuedCommand> batch, Permit permit) {
    BatchResult result = decideTogether(eventId, batch, permit);
    return switch (result) {
      case BatchResult.Failed _ when batch.size() > 1 ->
          batch.stream().map(queued -> decideTogether(eventId, List.of(queued), permit)).toList();
      case BatchResult.Committed _, BatchResult.Undecided _, BatchResult.Failed _ ->
          List.of(result);
    };
  }

  private BatchResult decideTogether(long eventId, List<QueuedCommand> batch, Permit permit) {
    try (var _ = MDC.putCloseable("event", String.valueOf(eventId));
        var _ = ticketContext(batch);
        BatchTrace trace = BatchTrace.start(traces, eventId, batch.size(), sampledTraces(batch))) {
      // The catch clauses are inside, because their log lines need this context.
      try {
        CommittedBatch committed = decideWithRetries(eventId, batch, permit);
        return new BatchResult.Committed(batch, committed.withTraces(trace::traceparent));
      } catch (DataAccessException | TransactionException e) {
        if (DatabaseErrors.isIntegrityViolation(e)) {
          log.warn("batch violates a constraint, event={} batchSize={}", eventId, batch.size(), e);
          return new BatchResult.Failed(batch);
        }
        log.warn(
            "batch not decided, event={} batchSize={} cause={}",
            eventId,
            batch.size(),
            rootCause(e));
        return new BatchResult.Undecided(batch);
      } catch (RuntimeException e) {
        log.error("batch failed, event={} batchSize={}", eventId, batch.size(), e);
        return new BatchResult.Failed(batch);
      }
    }
  }

  /// Retries while the database is unavailable or another transaction holds a lock. It holds no
  /// permit between two attempts.
  private CommittedBatch decideWithRetries(long eventId, List<QueuedCommand> batch, Permit permit) {
    if (!permit.isAcquired()) {
      throw new CannotAcquireLockException("no permit for another attempt");
    }
    List<Command> commands = batch.stream().map(QueuedCommand::command).toList();
    long deadline = System.nanoTime() + settings.retryFor().toNanos();
    Duration delay = settings.retryDelay();
    while (true) {
      try {
        CommittedBatch committed = boxOffice.decide(eventId, commands);
        permit.recordSuccess();
        database.recordSuccess();
        return committed;
      } catch (DataAccessException | TransactionException e) {
        database.recordFailure(e);
        if (DatabaseErrors.isIntegrityViolation(e)
            || System.nanoTime() - deadline > 0
            || !reacquire(permit, delay, deadline)) {
          throw e;
        }
        log.debug("retrying batch, event={} cause={}", eventId, rootCause(e));
        delay = min(delay.multipliedBy(2), MAX_RETRY_DELAY);
      }
    }
  }

  private static boolean reacquire(Permit permit, Duration delay, long deadline) {
    try {
      return permit.reacquireForRetry(delay, deadline);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void publishAndAcknowledge(long eventId, List<BatchResult> results) {
    for (BatchResult result : results) {
      acknowledge(result.commands(), publish(eventId, result));
    }
  }

  private static void join(@Nullable Thread publication) throws InterruptedException {
    if (publication != null) {
      publication.join();
    }
  }

  /// @return true if the commands of the result may be acknowledged
  private boolean publish(long eventId, BatchResult result) {
    return switch (result) {
      case BatchResult.Committed committed -> publish(eventId, committed);
      case BatchResult.Undecided _, BatchResult.Failed _ -> false;
    };
  }

  private boolean publish(long eventId, BatchResult.Committed committed) {
    try (var _ = MDC.putCloseable("event", String.valueOf(eventId))) {
      publisher.publish(committed.batch());
      return true;
    } catch (RuntimeException e) {
      log.error(
          "batch not published, event={} batchSize={}", eventId, committed.commands().size(), e);
      return false;
    }
  }

  /// Acknowledges the deliveries whose last command is finished, in calls of ten messages.
  private void acknowledge(List<QueuedCommand> commands, boolean published) {
    List<Delivery> finished = new ArrayList<>();
    for (QueuedCommand queued : commands) {
      Delivery delivery = queued.delivery();
      if (delivery.finishCommand(published)) {
        if (delivery.isAcknowledgeable()) {
          finished.add(delivery);
        } else {
          inFlightPermits.release(delivery.weight());
        }
      }
    }
    for (int from = 0; from < finished.size(); from += CommandQueue.MAX_BATCH_SIZE) {
      List<Delivery> deliveries =
          finished.subList(from, Math.min(from + CommandQueue.MAX_BATCH_SIZE, finished.size()));
      int weight = deliveries.stream().mapToInt(Delivery::weight).sum();
      queue.acknowledge(deliveries).thenRun(() -> inFlightPermits.release(weight));
    }
  }

  /// Log context of a batch with a single command; null for larger batches.
  private static MDC.@Nullable MDCCloseable ticketContext(List<QueuedCommand> batch) {
    return batch.size() == 1
        ? MDC.putCloseable("ticket", batch.getFirst().command().ticketId().toString())
        : null;
  }

  private static Map<UUID, String> sampledTraces(List<QueuedCommand> batch) {
    Map<UUID, String> sampled = new LinkedHashMap<>();
    for (QueuedCommand queued : batch) {
      if (queued.trace() != null) {
        sampled.put(queued.command().ticketId(), queued.trace());
      }
    }
    return sampled;
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  private static void sleep(Duration duration) {
    try {
      TimeUnit.NANOSECONDS.sleep(duration.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Throwable rootCause(RuntimeException failure) {
    return NestedExceptionUtils.getMostSpecificCause(failure);
  }

  /// Stops receiving, then finishes the received commands within the stop timeout.
  @Override
  public void stop() {
    running = false;
    pollers.shutdown();
    long deadline = System.nanoTime() + settings.stopTimeout().toNanos();
    try {
      if (!pollers.awaitTermination(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        pollers.shutdownNow();
      }
      eventThreads.shutdown();
      if (!eventThreads.awaitTermination(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        log.warn("stopped during the processing of commands, the queue delivers them again");
        eventThreads.shutdownNow();
      }
      // All permits are available after the last message is deleted.
      inFlightPermits.tryAcquire(
          settings.maxInFlight(), deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public boolean isRunning() {
    return running;
  }
}
