package ticketing.worker.pipeline;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import ticketing.concurrent.RetryAwareLimiter;
import ticketing.concurrent.RetryAwareLimiter.Permit;
import ticketing.database.DatabaseErrors;
import ticketing.database.DatabaseHealth;
import ticketing.domain.Command;
import ticketing.tracing.Traces;
import ticketing.worker.failure.FatalErrorHandler;
import ticketing.worker.order.AcceptanceOrder;
import ticketing.worker.pipeline.WaitingEvents.Waiting;
import ticketing.worker.queue.CommandQueue;
import ticketing.worker.queue.CommandQueue.QueueUnavailableException;
import ticketing.worker.queue.Delivery;
import ticketing.worker.queue.Delivery.CommandResult;
import ticketing.worker.queue.Delivery.QueuedCommand;
import ticketing.worker.queue.QueueSettings;

/// Control flow of a worker: receive, batch by event, decide, publish, acknowledge.
///
/// Two kinds of virtual threads run it. Pollers receive deliveries and add their commands to the
/// batches ([#receive]). One thread for each event with commands processes its batches in order of
/// acceptance ([#processEvent]). A message is deleted last, so the queue delivers it again after
/// any failure.
///
/// While the database is unreachable or rejects writes, the pollers receive no messages. A batch
/// that cannot be decided stays in this process and its messages stay invisible in the queue, so an
/// outage uses no further receives. One batch a second probes the database.
@Component
class CommandListener implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(CommandListener.class);
  private static final Duration MAX_RETRY_DELAY = Duration.ofSeconds(1);
  private static final Duration IDLE_CHECK_INTERVAL = Duration.ofSeconds(1);
  private static final Duration RETRY_CHECK_INTERVAL = Duration.ofSeconds(1);
  private static final Duration SUSPENDED_RECEIVE_INTERVAL = Duration.ofSeconds(1);
  private static final Duration RELEASE_TIMEOUT = Duration.ofSeconds(3);
  private static final Comparator<QueuedCommand> BY_ACCEPTANCE =
      Comparator.comparing(queued -> queued.command().acceptedAt());

  private final CommandQueue queue;
  private final BoxOffice boxOffice;
  private final AcceptanceOrder order;
  private final DecisionPublisher publisher;
  private final DatabaseHealth database;
  private final PipelineSettings settings;
  private final QueueSettings queueSettings;
  private final FatalErrorHandler fatalErrors;
  private final PipelineMetrics metrics;
  private final Traces traces;
  private final EventBatcher<QueuedCommand> batcher;
  private final RetryAwareLimiter limiter;
  private final WaitingEvents<Outcome> waitingEvents = new WaitingEvents<>();
  private final Semaphore inFlightPermits;
  private final Semaphore helperRequests = new Semaphore(0);
  private final RunningWork runningWork = new RunningWork();

  /// Sizes of the failed batches by event, while they are retried.
  private final Map<Long, Integer> stalledBatches = new ConcurrentHashMap<>();

  private List<Thread> pollers = List.of();
  private ExecutorService eventThreads;
  private volatile boolean running;
  private volatile long stopRetriesAt; // System.nanoTime(), while it is not running

  CommandListener(
      CommandQueue queue,
      BoxOffice boxOffice,
      AcceptanceOrder order,
      DecisionPublisher publisher,
      DatabaseHealth database,
      PipelineSettings settings,
      QueueSettings queueSettings,
      FatalErrorHandler fatalErrors,
      PipelineMetrics metrics,
      Traces traces) {
    this.queue = queue;
    this.boxOffice = boxOffice;
    this.order = order;
    this.publisher = publisher;
    this.database = database;
    this.settings = settings;
    this.queueSettings = queueSettings;
    this.fatalErrors = fatalErrors;
    this.metrics = metrics;
    this.traces = traces;
    this.batcher = new EventBatcher<>(settings.maxBatchSize(), BY_ACCEPTANCE);
    this.limiter = new RetryAwareLimiter(settings.maxConcurrentBatches());
    this.inFlightPermits = new Semaphore(settings.maxInFlight());
    metrics.gauge(
        "ticketing.in.flight",
        "messages",
        "Received messages that are not deleted yet",
        this::countInFlight);
  }

  /// Result of the transaction of a batch, or of a part of it.
  private sealed interface BatchResult {

    List<QueuedCommand> commands();

    record Committed(List<QueuedCommand> commands, CommittedBatch batch) implements BatchResult {}

    /// Seats are scarce, so the batch waits for its turn among the workers.
    record Scarce(List<QueuedCommand> commands) implements BatchResult {}

    /// The database was unavailable or busy for too long, or the worker stops.
    record Undecided(List<QueuedCommand> commands) implements BatchResult {}

    /// A command of the batch cannot be processed.
    record Failed(List<QueuedCommand> commands) implements BatchResult {}

    /// The queue may have delivered the commands to another worker.
    record Expired(List<QueuedCommand> commands) implements BatchResult {}
  }

  /// Results of a batch of an event.
  ///
  /// @param results empty: the batch was not attempted
  /// @param publication completed when they are published. It refers to no thread, because the task
  ///   of a thread refers to the last publication.
  private record Outcome(List<BatchResult> results, CompletableFuture<Void> publication) {

    private static final Outcome NONE =
        new Outcome(List.of(), CompletableFuture.completedFuture(null));
  }

  /// Batch of an event in a group.
  private record Member(Waiting<Outcome> event, List<QueuedCommand> commands) {

    private long eventId() {
      return event.eventId();
    }

    private List<Command> toCommands() {
      return commands.stream().map(QueuedCommand::command).toList();
    }
  }

  @Override
  public void start() {
    running = true;
    eventThreads =
        Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("event-", 0).uncaughtExceptionHandler(fatalErrors).factory());
    pollers =
        IntStream.range(0, settings.pollers())
            .mapToObj(number ->
                Thread.ofVirtual()
                    .name("poll-" + number)
                    .uncaughtExceptionHandler(fatalErrors)
                    .start(() -> poll(number == 0)))
            .toList();
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
        if (!database.awaitWrites(SUSPENDED_RECEIVE_INTERVAL)) {
          if (permanent && mayReceiveWhileSuspended()) {
            receive(Duration.ZERO, true);
          }
          continue;
        }
        boolean full = receive(permanent ? settings.pollWait() : Duration.ZERO, false);
        while (running && full) {
          helperRequests.release(helperRequests.availablePermits() < settings.pollers() ? 1 : 0);
          full = receive(permanent ? settings.pollWait() : Duration.ZERO, false);
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
      } catch (RuntimeException e) {
        log.error("receive failed, retry={}ms", MAX_RETRY_DELAY.toMillis(), e);
        sleep(MAX_RETRY_DELAY);
      }
    }
  }

  /// While writes are suspended, the held batches probe the database. A receive call is necessary
  /// if none is held. It is useful if only some events may be blocked.
  private boolean mayReceiveWhileSuspended() {
    return database.isReachable()
        && (countInFlight() == 0 || database.isBlocked() && countStalled() < settings.maxStalled());
  }

  private int countInFlight() {
    return settings.maxInFlight() - inFlightPermits.availablePermits();
  }

  /// Commands of the events whose last batch failed.
  private int countStalled() {
    int commands = 0;
    for (Map.Entry<Long, Integer> batch : stalledBatches.entrySet()) {
      commands += batch.getValue() + batcher.size(batch.getKey());
    }
    return commands;
  }

  /// Receives deliveries and adds their commands to the batches of their events.
  ///
  /// @param suspended true to receive while writes are suspended
  /// @return true if there are probably more messages
  private boolean receive(Duration maxWait, boolean suspended) throws InterruptedException {
    int requested = CommandQueue.MAX_BATCH_SIZE;
    if (!suspended) {
      inFlightPermits.acquire(requested);
    } else if (!inFlightPermits.tryAcquire(requested)) {
      return false;
    }
    List<Delivery> deliveries = List.of();
    try (RunningWork.Call _ = runningWork.begin("receive")) {
      if (!running || !suspended && !database.acceptsWrites()) {
        return false;
      }
      deliveries = queue.receive(maxWait);
    } finally {
      inFlightPermits.release(requested - deliveries.size());
    }
    for (Delivery delivery : deliveries) {
      metrics.recordReceived(delivery.receiveCount() > 1);
      // The receive call holds one permit for each message. The other permits become available
      // without this thread, because a poller holds none while it is blocked here.
      inFlightPermits.acquire(delivery.weight() - 1);
      metrics.recordUnreadable(delivery.unreadableCommands());
      if (delivery.commands().isEmpty()) {
        finish(delivery);
      }
      delivery.commands().forEach(this::addToBatch);
    }
    return deliveries.size() == CommandQueue.MAX_BATCH_SIZE;
  }

  /// Blocked events use at most a part of the commands in flight, so others continue.
  private void addToBatch(QueuedCommand queued) {
    long eventId = queued.command().eventId();
    if (stalledBatches.containsKey(eventId) && countStalled() >= settings.maxStalled()) {
      finish(List.of(queued), CommandResult.DEFERRED);
    } else if (batcher.add(eventId, queued)) {
      eventThreads.execute(() -> processEvent(eventId));
    }
  }

  /// The pipeline of an event, until it has no more commands: batch -> lock { transaction { read,
  /// expire due holds, decide, write } } -> publish -> acknowledge. The lock and the transaction
  /// are in [BoxOffice#decide]. While seats are scarce, each batch waits for its turn among the
  /// workers.
  ///
  /// While more events than permits have commands, one transaction decides the small batches of a
  /// group of events ([#decideGroup]). The threads of these events wait for the result.
  ///
  /// The publication and the acknowledgement of a batch run during the transaction of the next
  /// batch. The publications of an event keep the order of its transactions.
  private void processEvent(long eventId) {
    Permit permit = limiter.newPermit();
    AcceptanceOrder.Turn turn = order.turn(eventId);
    Outcome last = Outcome.NONE;
    boolean alone = false; // true if a group left out the next batch
    try {
      while (true) {
        boolean scarce = isScarce(last.results());
        boolean groupable = !scarce && !alone;
        Instant until =
            scarce ? turn.await(() -> waiting(eventId), ticketIds(last.results())) : Instant.MAX;
        Waiting<Outcome> event = new Waiting<>(eventId, last);
        if (groupable) {
          waitingEvents.add(event);
        }
        permit.acquire();
        if (groupable && !waitingEvents.remove(event)) {
          permit.release();
          Outcome next = event.next().join();
          alone = next == Outcome.NONE;
          if (!alone) {
            permit.recordSuccess();
            last = next;
          }
          continue;
        }
        List<QueuedCommand> batch =
            batcher.nextBatch(eventId, queued -> !queued.command().acceptedAt().isAfter(until));
        if (batch.isEmpty()) {
          permit.release();
          last.publication().join();
          if (batcher.removeIfEmpty(eventId)) {
            return;
          }
          continue;
        }
        Outcome ofGroup = groupable ? decideGroup(new Member(event, batch)) : Outcome.NONE;
        if (ofGroup == Outcome.NONE) {
          last = decideAlone(last, eventId, batch, permit, scarce);
        } else {
          permit.recordSuccess();
          last = ofGroup;
        }
        alone = false;
        permit.release();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      stalledBatches.remove(eventId);
      permit.release();
    }
  }

  private Outcome decideAlone(
      Outcome last, long eventId, List<QueuedCommand> batch, Permit permit, boolean inTurn)
      throws InterruptedException {
    List<BatchResult> results = decide(eventId, batch, permit, inTurn);
    permit.release();
    if (results.getLast() instanceof BatchResult.Scarce waiting) {
      batcher.restore(eventId, waiting.commands());
    }
    last.publication().join();
    return new Outcome(
        results, startPublication("publish-" + eventId, () -> publishAndFinish(eventId, results)));
  }

  private CompletableFuture<Void> startPublication(String name, Runnable publication) {
    CompletableFuture<Void> published = new CompletableFuture<>();
    Thread.ofVirtual()
        .name(name)
        .uncaughtExceptionHandler(fatalErrors)
        .start(() -> {
          try {
            publication.run();
          } finally {
            published.complete(null);
          }
        });
    return published;
  }

  /// Decides the batch of an event together with those of waiting events, in one attempt. Events
  /// that it leaves out are decided alone, with retries.
  ///
  /// @return [Outcome#NONE] if this event was left out
  private Outcome decideGroup(Member own) {
    List<Member> members = findMembers(own);
    if (members.size() == 1) {
      return Outcome.NONE;
    }
    Map<Long, Outcome> outcomes = Map.of();
    try {
      outcomes = publishGroup(members, attemptGroup(members));
    } finally {
      for (Member member : members) {
        Outcome outcome = outcomes.getOrDefault(member.eventId(), Outcome.NONE);
        if (outcome == Outcome.NONE && member != own) {
          batcher.restore(member.eventId(), member.commands());
        }
        member.event().next().complete(outcome);
      }
    }
    return outcomes.getOrDefault(own.eventId(), Outcome.NONE);
  }

  private List<Member> findMembers(Member own) {
    List<Member> members = new ArrayList<>(List.of(own));
    int small = settings.smallBatchSize();
    int left = settings.maxBatchSize() - own.commands().size();
    if (own.commands().size() > small || !database.isUp() || hasExpired(own.commands())) {
      return members;
    }
    for (Waiting<Outcome> event :
        waitingEvents.take(
            settings.maxGroupSize() - 1, left, event -> batcher.size(event.eventId()), small)) {
      List<QueuedCommand> commands = batcher.smallBatch(event.eventId(), Math.min(small, left));
      if (hasExpired(commands)) {
        batcher.restore(event.eventId(), commands);
        commands = List.of();
      }
      if (commands.isEmpty()) {
        event.next().complete(Outcome.NONE);
      } else {
        members.add(new Member(event, commands));
        left -= commands.size();
      }
    }
    return members;
  }

  /// @return committed batches by event; empty if the transaction failed
  private Map<Long, CommittedBatch> attemptGroup(List<Member> members) {
    Map<Long, List<Command>> batches = new LinkedHashMap<>();
    members.forEach(member -> batches.put(member.eventId(), member.toCommands()));
    List<QueuedCommand> commands =
        members.stream().flatMap(member -> member.commands().stream()).toList();
    try (RunningWork.Call _ = runningWork.begin("transaction, events=" + members.size());
        BatchTrace trace =
            BatchTrace.start(traces, batches.keySet(), commands.size(), sampledTraces(commands))) {
      Map<Long, CommittedBatch> committed = new HashMap<>(boxOffice.decideGroup(batches));
      if (committed.values().stream().anyMatch(batch -> !batch.decided().isEmpty())) {
        database.recordWriteSuccess();
      }
      committed.replaceAll((eventId, batch) -> batch.withTraces(trace::traceparent));
      return committed;
    } catch (RuntimeException | Error e) {
      if (FatalErrorHandler.isFatal(e)) {
        throw e;
      }
      log.debug("group not decided, events={} cause={}", members.size(), e.toString());
      return Map.of();
    }
  }

  private Map<Long, Outcome> publishGroup(
      List<Member> members, Map<Long, CommittedBatch> committed) {
    List<Member> decided =
        members.stream().filter(member -> committed.containsKey(member.eventId())).toList();
    if (decided.isEmpty()) {
      return Map.of();
    }
    List<QueuedCommand> commands =
        decided.stream().flatMap(member -> member.commands().stream()).toList();
    List<CompletableFuture<Void>> last =
        decided.stream().map(member -> member.event().last().publication()).toList();
    CompletableFuture<Void> publication =
        startPublication(
            "publish-group",
            () -> {
              last.forEach(CompletableFuture::join);
              finish(
                  commands,
                  publish(committed.values(), "events=" + decided.size(), commands.size()));
            });
    Map<Long, Outcome> outcomes = new HashMap<>();
    for (Member member : decided) {
      BatchResult result =
          new BatchResult.Committed(member.commands(), committed.get(member.eventId()));
      outcomes.put(member.eventId(), new Outcome(List.of(result), publication));
    }
    return outcomes;
  }

  private static boolean hasExpired(List<QueuedCommand> commands) {
    return commands.stream().anyMatch(queued -> queued.delivery().isExpired());
  }

  private List<Command> waiting(long eventId) {
    return batcher.first(eventId).stream().map(QueuedCommand::command).toList();
  }

  private static boolean isScarce(List<BatchResult> results) {
    return !results.isEmpty()
        && switch (results.getLast()) {
          case BatchResult.Scarce _ -> true;
          case BatchResult.Committed committed -> committed.batch().scarce();
          case BatchResult.Undecided _, BatchResult.Failed _, BatchResult.Expired _ -> false;
        };
  }

  /// Tickets that may be in the waiting line until their publication.
  private static List<UUID> ticketIds(List<BatchResult> results) {
    return results.stream()
        .flatMap(result -> result.commands().stream())
        .map(queued -> queued.command().ticketId())
        .toList();
  }

  /// Decides a batch in one transaction. If a command of the batch cannot be processed, each
  /// command is decided alone, so it affects no other command.
  ///
  /// @param inTurn true if the batch is also decided while seats are scarce
  private List<BatchResult> decide(
      long eventId, List<QueuedCommand> batch, Permit permit, boolean inTurn)
      throws InterruptedException {
    List<BatchResult> results = new ArrayList<>(decideTogether(eventId, batch, permit, inTurn));
    if (results.getLast() instanceof BatchResult.Failed failed && failed.commands().size() > 1) {
      results.removeLast();
      for (QueuedCommand queued : failed.commands()) {
        results.addAll(decideTogether(eventId, List.of(queued), permit, true));
      }
    }
    stalledBatches.remove(eventId);
    return results;
  }

  /// Attempts the transaction until it succeeds, fails permanently or may not be retried. It holds
  /// no permit between two attempts.
  ///
  /// @return at least one result; only the last one is not `Expired`
  private List<BatchResult> decideTogether(
      long eventId, List<QueuedCommand> batch, Permit permit, boolean inTurn)
      throws InterruptedException {
    List<BatchResult> results = new ArrayList<>();
    List<QueuedCommand> remaining = batch;
    Duration delay = Duration.ZERO;
    long startedAt = System.nanoTime();
    try (var _ = MDC.putCloseable("event", String.valueOf(eventId));
        var _ = ticketContext(batch);
        BatchTrace trace =
            BatchTrace.start(traces, List.of(eventId), batch.size(), sampledTraces(batch))) {
      // The catch clauses are inside, because their log lines need this context.
      while (true) {
        boolean mayAttempt =
            delay.isZero() && permit.isAcquired() && database.isUp()
                || awaitAttempt(remaining, permit, delay, startedAt);
        remaining = removeExpired(eventId, remaining, results);
        if (remaining.isEmpty()) {
          return results;
        }
        if (!mayAttempt) {
          log.warn("batch not decided, event={} batchSize={}", eventId, remaining.size());
          results.add(new BatchResult.Undecided(remaining));
          return results;
        }
        try {
          Optional<CommittedBatch> committed = attempt(eventId, remaining, inTurn);
          permit.recordSuccess();
          results.add(
              committed.isPresent()
                  ? new BatchResult.Committed(
                      remaining, committed.get().withTraces(trace::traceparent))
                  : new BatchResult.Scarce(remaining));
          return results;
        } catch (DataAccessException | TransactionException e) {
          Optional<BatchResult> failed = classify(eventId, remaining, e);
          if (failed.isPresent()) {
            results.add(failed.get());
            return results;
          }
          if (stalledBatches.put(eventId, remaining.size()) == null) {
            log.warn(
                "retrying batch, event={} batchSize={} cause={}",
                eventId,
                remaining.size(),
                rootCause(e));
          }
          delay =
              delay.isZero() ? settings.retryDelay() : min(delay.multipliedBy(2), MAX_RETRY_DELAY);
        } catch (RuntimeException | Error e) {
          if (FatalErrorHandler.isFatal(e)) {
            throw e;
          }
          log.error("batch failed, event={} batchSize={}", eventId, remaining.size(), e);
          results.add(new BatchResult.Failed(remaining));
          return results;
        }
      }
    }
  }

  private Optional<CommittedBatch> attempt(
      long eventId, List<QueuedCommand> batch, boolean inTurn) {
    List<Command> commands = batch.stream().map(QueuedCommand::command).toList();
    try (RunningWork.Call _ = runningWork.begin("transaction, event=" + eventId)) {
      Optional<CommittedBatch> committed =
          inTurn
              ? Optional.of(boxOffice.decide(eventId, commands))
              : boxOffice.decideUnlessScarce(eventId, commands);
      if (committed.isPresent() && !committed.get().decided().isEmpty()) {
        database.recordWriteSuccess();
      }
      return committed;
    }
  }

  /// @return the result of the batch; empty if it is retried
  private Optional<BatchResult> classify(
      long eventId, List<QueuedCommand> batch, RuntimeException failure) {
    database.recordWriteFailure(eventId, failure);
    return switch (DatabaseErrors.classify(failure)) {
      case UNAVAILABLE, WRITES_REJECTED, TRANSIENT_CONFLICT -> Optional.empty();
      case INTEGRITY_VIOLATION -> {
        log.warn(
            "batch violates a constraint, event={} batchSize={}", eventId, batch.size(), failure);
        yield Optional.of(new BatchResult.Failed(batch));
      }
      case OTHER -> {
        log.error("transaction failed, event={} batchSize={}", eventId, batch.size(), failure);
        yield Optional.of(
            batch.size() > 1 ? new BatchResult.Failed(batch) : new BatchResult.Undecided(batch));
      }
    };
  }

  /// Blocks until the batch may be attempted again, and acquires the permit.
  ///
  /// @param startedAt [System#nanoTime] of the first attempt
  /// @return false if the batch may not be retried
  private boolean awaitAttempt(
      List<QueuedCommand> batch, Permit permit, Duration delay, long startedAt)
      throws InterruptedException {
    permit.release();
    TimeUnit.NANOSECONDS.sleep(delay.toNanos());
    while (mayRetry(batch, startedAt)) {
      if (database.awaitAttempt(RETRY_CHECK_INTERVAL)
          && permit.reacquireForRetry(
              Duration.ZERO, System.nanoTime() + RETRY_CHECK_INTERVAL.toNanos())) {
        return true;
      }
    }
    return false;
  }

  /// While only this worker cannot reach the database, others may decide the batch.
  private boolean mayRetry(List<QueuedCommand> batch, long startedAt) {
    long now = System.nanoTime();
    if (!running && (now - stopRetriesAt >= 0 || !database.acceptsWrites())) {
      return false;
    }
    if (!database.isReachable() && now - startedAt >= settings.retryFor().toNanos()) {
      return false;
    }
    return batch.stream()
        .map(QueuedCommand::delivery)
        .noneMatch(delivery ->
            delivery.isExpired() || delivery.age().compareTo(queueSettings.maxHold()) >= 0);
  }

  /// @return the commands that no other worker can have received
  private static List<QueuedCommand> removeExpired(
      long eventId, List<QueuedCommand> batch, List<BatchResult> results) {
    List<QueuedCommand> expired =
        batch.stream().filter(queued -> queued.delivery().isExpired()).toList();
    if (expired.isEmpty()) {
      return batch;
    }
    log.warn("visibility timeout expired, event={} commands={}", eventId, expired.size());
    results.add(new BatchResult.Expired(expired));
    return batch.stream().filter(queued -> !expired.contains(queued)).toList();
  }

  private void publishAndFinish(long eventId, List<BatchResult> results) {
    for (BatchResult result : results) {
      publish(eventId, result).ifPresent(published -> finish(result.commands(), published));
    }
  }

  /// @return empty if the commands are not finished
  private Optional<CommandResult> publish(long eventId, BatchResult result) {
    return switch (result) {
      case BatchResult.Committed committed -> Optional.of(publish(eventId, committed));
      case BatchResult.Scarce _ -> Optional.empty();
      case BatchResult.Undecided _ ->
          Optional.of(running ? CommandResult.UNDECIDED : CommandResult.STOPPED);
      case BatchResult.Failed _ -> Optional.of(CommandResult.FAILED);
      case BatchResult.Expired _ -> Optional.of(CommandResult.EXPIRED);
    };
  }

  private CommandResult publish(long eventId, BatchResult.Committed committed) {
    try (var _ = MDC.putCloseable("event", String.valueOf(eventId))) {
      return publish(List.of(committed.batch()), "event=" + eventId, committed.commands().size());
    }
  }

  private CommandResult publish(
      Collection<CommittedBatch> committed, String description, int batchSize) {
    try (RunningWork.Call _ = runningWork.begin("publication, " + description)) {
      publisher.publish(committed);
      return CommandResult.PUBLISHED;
    } catch (RuntimeException | Error e) {
      if (FatalErrorHandler.isFatal(e)) {
        throw e;
      }
      log.error("batch not published, {} batchSize={}", description, batchSize, e);
      return CommandResult.UNDECIDED;
    }
  }

  /// Acknowledges or releases the deliveries whose last command is finished.
  private void finish(List<QueuedCommand> commands, CommandResult result) {
    List<Delivery> acknowledged = new ArrayList<>();
    for (QueuedCommand queued : commands) {
      Delivery delivery = queued.delivery();
      if (delivery.finishCommand(result)) {
        if (delivery.isAcknowledgeable()) {
          acknowledged.add(delivery);
        } else {
          finish(delivery);
        }
      }
    }
    if (!acknowledged.isEmpty()) {
      int weight = acknowledged.stream().mapToInt(Delivery::weight).sum();
      queue.acknowledge(acknowledged).thenRun(() -> inFlightPermits.release(weight));
    }
  }

  /// Releases a delivery that is not acknowledged.
  private void finish(Delivery delivery) {
    delivery.releaseReason().ifPresent(reason -> queue.release(delivery, reason));
    inFlightPermits.release(delivery.weight());
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

  /// Returns the reason for which this listener does not process commands as it should; empty while
  /// it is healthy or stopped.
  Optional<String> findFailure() {
    if (!running) {
      return Optional.empty();
    }
    return pollers.stream()
        .filter(poller -> !poller.isAlive())
        .map(poller -> "poller ended, thread=" + poller.getName())
        .findFirst()
        .or(() -> runningWork.findOlderThan(settings.stuckAfter()));
  }

  /// Stops receiving, then finishes the received commands within the stop timeout. The others are
  /// released without delay.
  @Override
  public void stop() {
    long now = System.nanoTime();
    long deadline = now + settings.stopTimeout().toNanos();
    stopRetriesAt = now + settings.stopTimeout().toNanos() / 2;
    running = false;
    try {
      for (Thread poller : pollers) {
        if (!poller.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())))) {
          poller.interrupt();
        }
      }
      eventThreads.shutdown();
      if (!eventThreads.awaitTermination(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        log.warn("stopped during the processing of commands, the queue delivers them again");
        eventThreads.shutdownNow();
      }
      // All permits are available after the last message is deleted.
      if (inFlightPermits.tryAcquire(
          settings.maxInFlight(), deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        inFlightPermits.release(settings.maxInFlight());
      }
      queue.releaseAll().get(RELEASE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      log.warn("cannot release messages, cause={}", e.toString());
    }
  }

  @Override
  public boolean isRunning() {
    return running;
  }
}
