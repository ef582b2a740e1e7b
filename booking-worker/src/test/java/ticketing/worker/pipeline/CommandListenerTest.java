package ticketing.worker.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.health.contributor.Status;
import org.springframework.context.ConfigurableApplicationContext;
import ticketing.domain.Command;
import ticketing.local.servers.LocalServers;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.userfeed.UserChanges;
import ticketing.worker.WorkerApplication;
import ticketing.worker.WorkerArguments;
import ticketing.worker.failure.FatalErrorHandler;
import ticketing.worker.lock.EventLock;
import ticketing.worker.order.AcceptanceOrder;
import ticketing.worker.queue.CommandQueue.ReleaseReason;
import ticketing.worker.store.DecisionStore;
import ticketing.worker.store.Transactions;

/// Pipeline with a queue in memory. All events are unknown, so each command is rejected.
@Timeout(120)
class CommandListenerTest {

  private static final int MAX_BATCH_SIZE = 10;
  private static final int MAX_CONCURRENT_BATCHES = 3;
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private static ConfigurableApplicationContext worker;

  private final InMemoryCommandQueue queue = new InMemoryCommandQueue();
  private final RecordingPublisher publisher = new RecordingPublisher();
  private final RecordingBoxOffice boxOffice = new RecordingBoxOffice();
  private final RecordingErrorHandler fatalErrors = new RecordingErrorHandler();
  private CommandListener listener;

  @BeforeAll
  static void startWorker() {
    String commands = "listener-" + UUID.randomUUID();
    LocalServers servers = LocalServers.shared();
    servers.newQueues(commands);
    worker =
        SpringApplication.run(
            WorkerApplication.class,
            WorkerArguments.of(
                servers,
                servers.newDatabase(),
                commands,
                "--ticketing.worker.pipeline.max-batch-size=" + MAX_BATCH_SIZE,
                "--ticketing.worker.pipeline.max-concurrent-batches=" + MAX_CONCURRENT_BATCHES,
                "--ticketing.worker.pipeline.poll-wait=1s",
                "--ticketing.worker.pipeline.stuck-after=1s",
                "--ticketing.worker.pipeline.stop-timeout=20s"));
  }

  @AfterAll
  static void stopWorker() {
    worker.close();
  }

  @AfterEach
  void stopListener() {
    publisher.release.countDown();
    boxOffice.release.countDown();
    if (fatalErrors.exitCodes.isEmpty()) {
      listener.stop();
    } else {
      // The process would have ended. Its messages are never finished.
      Thread.ofVirtual().start(listener::stop);
    }
  }

  @Test
  void nextBatchIsDecidedDuringThePublication() {
    boxOffice.block();
    publisher.block();
    start();
    queue.send(commands(1, 1));
    await().atMost(TIMEOUT).until(() -> boxOffice.running.get() == 1);
    queue.send(commands(1, 2 * MAX_BATCH_SIZE));
    await().during(Duration.ofMillis(200)).atMost(TIMEOUT).until(queue::isReceived);
    boxOffice.release.countDown();
    // One batch may precede its publication, the next one may not be decided before it.
    await().atMost(TIMEOUT).until(() -> boxOffice.decided.get() == 1 + MAX_BATCH_SIZE);
    await()
        .during(Duration.ofMillis(200))
        .atMost(TIMEOUT)
        .until(() ->
            publisher.started.get() == 1
                && boxOffice.decided.get() == 1 + MAX_BATCH_SIZE
                && queue.acknowledged() == 0);
    publisher.release.countDown();
    await().atMost(TIMEOUT).until(queue::isDrained);
    assertThat(publisher.published.get(1L)).hasSize(1 + 2 * MAX_BATCH_SIZE);
  }

  @Test
  void publicationsKeepTheOrderOfTransactions() {
    start();
    List<Command> commands = commands(3, 3_000);
    for (int from = 0; from < commands.size(); from += 7) {
      queue.send(commands.subList(from, Math.min(from + 7, commands.size())));
      Thread.yield();
    }
    await().atMost(TIMEOUT).until(queue::isDrained);
    assertThat(boxOffice.largestBatch).hasValueLessThanOrEqualTo(MAX_BATCH_SIZE);
    assertThat(boxOffice.concurrentBatchesOfAnEvent).hasValue(1);
    assertThat(publisher.concurrentPublicationsOfAnEvent).hasValue(1);
    assertThat(publisher.published.values().stream().mapToInt(List::size).sum())
        .isEqualTo(commands.size());
    assertThat(publisher.published).isEqualTo(boxOffice.decidedIds);
  }

  @Test
  void concurrentBatchesAreLimited() {
    int events = 50;
    boxOffice.block();
    start();
    queue.send(commands(events, 2 * events));
    await().atMost(TIMEOUT).until(() -> boxOffice.running.get() == MAX_CONCURRENT_BATCHES);
    await()
        .during(Duration.ofMillis(200))
        .atMost(TIMEOUT)
        .until(() -> boxOffice.running.get() == MAX_CONCURRENT_BATCHES);
    boxOffice.release.countDown();
    await().atMost(TIMEOUT).until(queue::isDrained);
    // Only the first batches have one command. All others formed during the first ones.
    assertThat(boxOffice.batches).hasValueLessThanOrEqualTo(events + MAX_CONCURRENT_BATCHES);
  }

  @Test
  void stopFinishesReceivedCommands() throws InterruptedException {
    publisher.block();
    start();
    queue.send(commands(1, 5));
    await().atMost(TIMEOUT).until(() -> publisher.started.get() == 1);
    Thread stopping = Thread.ofVirtual().start(listener::stop);
    assertThat(stopping.join(Duration.ofMillis(200))).isFalse();
    publisher.release.countDown();
    assertThat(stopping.join(TIMEOUT)).isTrue();
    assertThat(queue.acknowledged()).isEqualTo(publisher.published.get(1L).size()).isPositive();
  }

  @Test
  void unpublishedCommandsAreNotAcknowledged() {
    start();
    publisher.failing = true;
    queue.send(commands(1, 1));
    await().atMost(TIMEOUT).until(() -> publisher.started.get() == 1);
    publisher.failing = false;
    queue.send(commands(2, 2));
    await().atMost(TIMEOUT).until(() -> queue.acknowledged() == 2);
    assertThat(queue.isDrained()).isFalse();
  }

  @Test
  void unpublishedCommandsAreReleased() {
    start();
    publisher.failing = true;
    queue.send(commands(1, 1));
    await()
        .atMost(TIMEOUT)
        .untilAsserted(
            () -> assertThat(queue.released()).containsValue(ReleaseReason.UNDECIDED).hasSize(1));
  }

  @Test
  void expiredDeliveryIsNotDecided() {
    start();
    queue.send(commands(1, 3), Duration.ZERO);
    queue.send(commands(1, 2));
    await().atMost(TIMEOUT).until(() -> queue.acknowledged() == 2);
    await().atMost(TIMEOUT).until(queue::isReceived);
    assertThat(boxOffice.decided).hasValue(2);
    assertThat(queue.released()).isEmpty();
  }

  @Test
  void deliveryExpiredBehindABatchIsNotDecided() {
    boxOffice.block();
    start();
    queue.send(commands(1, 1));
    await().atMost(TIMEOUT).until(() -> boxOffice.running.get() == 1);
    queue.send(commands(1, 4), Duration.ofMillis(500));
    await().during(Duration.ofSeconds(1)).atMost(TIMEOUT).until(queue::isReceived);
    boxOffice.release.countDown();
    await().atMost(TIMEOUT).until(() -> queue.acknowledged() == 1);
    queue.send(commands(1, 1));
    await().atMost(TIMEOUT).until(() -> queue.acknowledged() == 2);
    assertThat(boxOffice.decided).hasValue(2);
  }

  @Test
  void errorOfOneCommandAffectsOnlyItsMessage() {
    start();
    int finished = 0;
    for (Error error : List.of(new StackOverflowError(), new NoClassDefFoundError("x"))) {
      List<Command> commands = commands(1, 8);
      boxOffice.error = error;
      boxOffice.failing = commands.get(3).ticketId();
      queue.send(commands);
      finished += 7;
      int acknowledged = finished;
      await()
          .atMost(TIMEOUT)
          .untilAsserted(() -> {
            assertThat(queue.acknowledged()).isEqualTo(acknowledged);
            assertThat(queue.released()).hasSize(acknowledged / 7);
          });
    }
    assertThat(queue.released()).containsValue(ReleaseReason.UNREADABLE);
    assertThat(fatalErrors.exitCodes).isEmpty();
  }

  @Test
  void exhaustedMemoryEndsTheProcess() {
    start();
    List<Command> commands = commands(1, 2);
    boxOffice.failing = commands.getFirst().ticketId();
    boxOffice.error = new OutOfMemoryError("simulated");
    queue.send(commands);
    await()
        .atMost(TIMEOUT)
        .untilAsserted(
            () -> assertThat(fatalErrors.exitCodes).containsExactly(FatalErrorHandler.EXIT_CODE));
    assertThat(queue.acknowledged()).isZero();
  }

  @Test
  void errorOfAPublicationEndsTheProcess() {
    start();
    publisher.error = new OutOfMemoryError("simulated");
    queue.send(commands(1, 1));
    await()
        .atMost(TIMEOUT)
        .untilAsserted(
            () -> assertThat(fatalErrors.exitCodes).containsExactly(FatalErrorHandler.EXIT_CODE));
  }

  @Test
  void endedPollerIsReported() {
    start();
    assertThat(listener.findFailure()).isEmpty();
    queue.failReceive(new OutOfMemoryError("simulated"));
    await().atMost(TIMEOUT).until(() -> listener.findFailure().isPresent());
    assertThat(listener.findFailure().orElseThrow()).contains("poller ended");
    assertThat(new PipelineHealthIndicator(listener).health().getStatus()).isEqualTo(Status.DOWN);
    assertThat(fatalErrors.exitCodes).isNotEmpty();
  }

  @Test
  void pollerSurvivesUnexpectedException() {
    start();
    queue.failReceive(new IllegalStateException("simulated"));
    queue.send(commands(1, 1));
    await().atMost(TIMEOUT).until(queue::isDrained);
    assertThat(listener.findFailure()).isEmpty();
  }

  @Test
  void stuckTransactionIsReported() {
    boxOffice.block();
    start();
    queue.send(commands(1, 1));
    await()
        .atMost(TIMEOUT)
        .untilAsserted(
            () -> assertThat(listener.findFailure().orElse("")).contains("transaction, event=1"));
    boxOffice.release.countDown();
    await().atMost(TIMEOUT).until(queue::isDrained);
    assertThat(listener.findFailure()).isEmpty();
  }

  private void start() {
    listener = queue.startListener(worker, boxOffice, publisher, fatalErrors);
  }

  private static final class RecordingErrorHandler extends FatalErrorHandler {
    final List<Integer> exitCodes;

    RecordingErrorHandler() {
      this(Collections.synchronizedList(new ArrayList<>()));
    }

    private RecordingErrorHandler(List<Integer> exitCodes) {
      super(exitCodes::add);
      this.exitCodes = exitCodes;
    }
  }

  private static List<Command> commands(int events, int count) {
    Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
    return IntStream.range(0, count)
        .<Command>mapToObj(i ->
            new Command.BookSeats(
                UUID.randomUUID(), "ann", 1 + i % events, "A", 1, now.plus(i, ChronoUnit.MICROS)))
        .toList();
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      assertThat(latch.await(TIMEOUT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void record(CommittedBatch batch, long eventId, Map<Long, List<UUID>> idsByEvent) {
    List<UUID> ids =
        idsByEvent.computeIfAbsent(eventId, id -> Collections.synchronizedList(new ArrayList<>()));
    batch.decided().stream().map(StatusEntry::ticket).forEach(ticket -> ids.add(ticket.ticketId()));
  }

  /// Counts batches; optionally blocks in each.
  private static final class RecordingBoxOffice extends BoxOffice {
    final AtomicInteger batches = new AtomicInteger();
    final AtomicInteger decided = new AtomicInteger();
    final AtomicInteger running = new AtomicInteger();
    final AtomicInteger largestBatch = new AtomicInteger();
    final AtomicInteger concurrentBatchesOfAnEvent = new AtomicInteger();
    final Map<Long, List<UUID>> decidedIds = new ConcurrentHashMap<>();
    private final Map<Long, AtomicInteger> runningByEvent = new ConcurrentHashMap<>();
    volatile CountDownLatch release = new CountDownLatch(0);
    volatile UUID failing;
    volatile Error error;

    RecordingBoxOffice() {
      super(
          worker.getBean(DecisionStore.class),
          worker.getBean(StatusStore.class),
          worker.getBean(EventLock.class),
          worker.getBean(AcceptanceOrder.class),
          worker.getBean(Transactions.class),
          worker.getBean(Clock.class),
          worker.getBean(PipelineSettings.class),
          worker.getBean(PipelineMetrics.class));
    }

    void block() {
      release = new CountDownLatch(1);
    }

    @Override
    Optional<CommittedBatch> decideUnlessScarce(
        long eventId, Collection<? extends Command> commands) {
      return Optional.of(decide(eventId, commands));
    }

    @Override
    public CommittedBatch decide(long eventId, Collection<? extends Command> commands) {
      batches.incrementAndGet();
      largestBatch.accumulateAndGet(commands.size(), Math::max);
      AtomicInteger ofEvent = runningByEvent.computeIfAbsent(eventId, id -> new AtomicInteger());
      concurrentBatchesOfAnEvent.accumulateAndGet(ofEvent.incrementAndGet(), Math::max);
      running.incrementAndGet();
      awaitLatch(release);
      if (commands.stream().anyMatch(command -> command.ticketId().equals(failing))) {
        running.decrementAndGet();
        ofEvent.decrementAndGet();
        throw error;
      }
      CommittedBatch committed = super.decide(eventId, commands);
      record(committed, eventId, decidedIds);
      running.decrementAndGet();
      ofEvent.decrementAndGet();
      decided.addAndGet(commands.size());
      return committed;
    }
  }

  /// Records publications; optionally blocks or fails in each.
  private static final class RecordingPublisher extends DecisionPublisher {
    final AtomicInteger started = new AtomicInteger();
    final AtomicInteger concurrentPublicationsOfAnEvent = new AtomicInteger();
    final Map<Long, List<UUID>> published = new ConcurrentHashMap<>();
    private final Map<Long, AtomicInteger> runningByEvent = new ConcurrentHashMap<>();
    volatile CountDownLatch release = new CountDownLatch(0);
    volatile boolean failing;
    volatile Error error;

    RecordingPublisher() {
      super(
          worker.getBean(StatusStore.class),
          worker.getBean(UserChanges.class),
          worker.getBean(PipelineMetrics.class));
    }

    void block() {
      release = new CountDownLatch(1);
    }

    @Override
    void publish(Collection<CommittedBatch> batches) {
      started.incrementAndGet();
      awaitLatch(release);
      if (error != null) {
        throw error;
      }
      if (failing) {
        throw new IllegalStateException("publication fails");
      }
      for (CommittedBatch batch : batches) {
        AtomicInteger ofEvent =
            runningByEvent.computeIfAbsent(eventOf(batch), id -> new AtomicInteger());
        concurrentPublicationsOfAnEvent.accumulateAndGet(ofEvent.incrementAndGet(), Math::max);
      }
      super.publish(batches);
      for (CommittedBatch batch : batches) {
        record(batch, eventOf(batch), published);
        runningByEvent.get(eventOf(batch)).decrementAndGet();
      }
    }

    private static long eventOf(CommittedBatch batch) {
      return batch.decided().getFirst().ticket().eventId();
    }
  }
}
