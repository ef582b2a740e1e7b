package ticketing.worker.pipeline;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.context.SmartLifecycle;
import org.springframework.dao.CannotAcquireLockException;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import ticketing.database.DatabaseHealth;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.domain.CommandCodec.Decoded;
import ticketing.tracing.Traces;
import ticketing.worker.settings.WorkerMetrics;
import ticketing.worker.settings.WorkerSettings;

/// The control flow of a worker: receive in tens, gather by event, decide in groups, delete in
/// tens. A message is deleted last, after everything in it is decided and announced; whatever
/// happens before that brings it back.
///
/// Speaks to SQS itself instead of through a listener container, because it needs to know when to
/// stop receiving (stopping, or a database that is down) and to delete exactly what was decided.
@Component
class CommandListener implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(CommandListener.class);
  private static final int TEN = 10; // most messages of one SQS call
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);
  private static final int LONGEST_UNREAD = 30; // s until an unreadable message comes again

  private final SqsAsyncClient sqs;
  private final BoxOffice boxOffice;
  private final DatabaseHealth database;
  private final WorkerSettings settings;
  private final Semaphore room;
  private final EventBatcher<Waiting> lanes;
  private final Semaphore helpersWanted = new Semaphore(0);
  private final WorkerMetrics metrics;
  private final Traces traces;
  private ExecutorService pollers;
  private volatile boolean running;
  private volatile String queueUrl;

  CommandListener(
      SqsAsyncClient sqs,
      BoxOffice boxOffice,
      DatabaseHealth database,
      WorkerSettings settings,
      WorkerMetrics metrics,
      Traces traces) {
    this.traces = traces;
    this.sqs = sqs;
    this.boxOffice = boxOffice;
    this.database = database;
    this.settings = settings;
    this.room = new Semaphore(settings.inFlight());
    this.lanes = new EventBatcher<>(settings.groupSize(), settings.groups(), this::decide);
    this.metrics = metrics;
    metrics.watch(
        "ticketing.in.flight",
        "messages",
        "Messages that this worker has received and not yet deleted",
        () -> settings.inFlight() - room.availablePermits());
  }

  /// A received message. It may be deleted once all its commands are decided.
  private static final class Delivery {
    final Message message;
    final int room;
    final AtomicInteger inWork;
    volatile boolean comesBack;

    Delivery(Message message, int commands, boolean comesBack) {
      this.message = message;
      this.room = Math.clamp(commands, 1, WorkerSettings.MESSAGE);
      this.inWork = new AtomicInteger(commands);
      this.comesBack = comesBack;
    }
  }

  /// @param trace see [Traces]; null if it is not sampled
  private record Waiting(Command command, String trace, Delivery delivery) {}

  @Override
  public void start() {
    running = true;
    pollers = Executors.newVirtualThreadPerTaskExecutor();
    pollers.execute(() -> poll(true));
    for (int i = 1; i < settings.pollers(); i++) {
      pollers.execute(() -> poll(false));
    }
  }

  /// One scout always waits for messages; the others help while its calls come back full, so that
  /// an idle worker pays for one long poll at a time.
  private void poll(boolean scout) {
    while (running) {
      try {
        if (!scout && !helpersWanted.tryAcquire(1, TimeUnit.SECONDS)) {
          continue;
        }
        database.awaitUp();
        boolean full = receive(scout);
        while (running && full) {
          helpersWanted.release(helpersWanted.availablePermits() < settings.pollers() ? 1 : 0);
          full = receive(scout);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (CompletionException | SdkException e) {
        log.warn("cannot receive from the queue: {}", rootMessage(e));
        pause(LONGEST_PAUSE);
      }
    }
  }

  /// @return whether there are probably more
  private boolean receive(boolean wait) throws InterruptedException {
    room.acquire(TEN);
    List<Message> messages = List.of();
    try {
      if (!running || !database.isUp()) {
        return false;
      }
      messages =
          sqs.receiveMessage(
                  request ->
                      request
                          .queueUrl(queueUrl())
                          .maxNumberOfMessages(TEN)
                          .waitTimeSeconds(
                              wait ? Math.toIntExact(settings.pollWait().toSeconds()) : 0)
                          .messageAttributeNames(Traces.ATTRIBUTE)
                          .messageSystemAttributeNames(
                              MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT))
              .join()
              .messages();
    } finally {
      room.release(TEN - messages.size());
    }
    for (Message message : messages) {
      try {
        accept(message);
      } catch (RuntimeException e) {
        // It comes back. What one message does must not end the receiving of all others.
        log.error("message {} could not be taken up", message.messageId(), e);
        room.release();
      }
    }
    return messages.size() == TEN;
  }

  private void accept(Message message) throws InterruptedException {
    metrics.received(receiveCount(message) > 1);
    MessageAttributeValue traces = message.messageAttributes().get(Traces.ATTRIBUTE);
    Iterator<String> trace = Traces.split(traces == null ? null : traces.stringValue()).iterator();
    Map<Command, String> commands = new LinkedHashMap<>();
    boolean whole = true;
    for (Decoded decoded : CommandCodec.decode(message.body())) {
      String of = trace.hasNext() ? trace.next() : null;
      switch (decoded) {
        case Decoded.Readable readable -> commands.put(readable.command(), of);
        case Decoded.Unreadable bad -> {
          whole = false;
          metrics.unreadable();
          log.warn("message {} cannot be read: {}", message.messageId(), bad.cause());
        }
      }
    }
    // A message with something unreadable in it is never deleted here: after its last receive SQS
    // moves it to the dead letters. What can be read in it is decided all the same.
    Delivery delivery = new Delivery(message, commands.size(), !whole);
    // One for the message was taken before it was received. The rest comes free without this
    // thread:
    // what others wait to put in never fills the room.
    room.acquire(delivery.room - 1);
    commands.forEach(
        (command, of) -> lanes.submit(command.eventId(), new Waiting(command, of, delivery)));
    if (!whole) {
      comeBackSoon(message);
    }
    if (commands.isEmpty()) {
      room.release();
    }
  }

  /// Commits what is decided of a group.
  ///
  /// @return what is left to do: to announce it and to delete its messages
  private Runnable decide(long eventId, List<Waiting> group, RetryAwareLimiter.Place place) {
    Runnable announcement = null;
    boolean apart = false;
    try (var _ = MDC.putCloseable("event", String.valueOf(eventId));
        var _ = alone(group);
        BatchTrace trace = BatchTrace.start(traces, eventId, group.size(), sampled(group))) {
      // Caught in here: what is logged about the group needs its context.
      try {
        announcement = retrying(eventId, group, trace, place);
      } catch (DataIntegrityViolationException e) {
        log.warn("event {}: the tables refuse a group of {}", eventId, group.size(), e);
        apart = group.size() > 1;
      } catch (DataAccessException | TransactionException e) {
        log.warn("event {}: {} commands not decided: {}", eventId, group.size(), rootMessage(e));
      } catch (RuntimeException e) {
        log.error("event {}: a group of {} failed", eventId, group.size(), e);
        apart = group.size() > 1;
      }
    }
    if (apart) {
      // Something in this group cannot be decided. Alone, each command hurts only itself.
      List<Runnable> each =
          group.stream().map(one -> decide(eventId, List.of(one), place)).toList();
      return () -> each.forEach(Runnable::run);
    }
    Runnable told = announcement;
    return () -> finish(eventId, group, told);
  }

  /// @param announcement null if the group was not decided
  private void finish(long eventId, List<Waiting> group, Runnable announcement) {
    boolean decided = false;
    try (var _ = MDC.putCloseable("event", String.valueOf(eventId))) {
      if (announcement != null) {
        announcement.run();
        decided = true;
      }
    } catch (RuntimeException e) {
      log.error("event {}: a group of {} was not announced", eventId, group.size(), e);
    } finally {
      settle(group, decided);
    }
  }

  /// The log's context of a group that is one ticket; null: it is more.
  private static MDC.MDCCloseable alone(List<Waiting> group) {
    return group.size() == 1
        ? MDC.putCloseable("ticket", group.getFirst().command().ticketId().toString())
        : null;
  }

  private static Map<UUID, String> sampled(List<Waiting> group) {
    Map<UUID, String> sampled = new LinkedHashMap<>();
    for (Waiting waiting : group) {
      if (waiting.trace() != null) {
        sampled.put(waiting.command().ticketId(), waiting.trace());
      }
    }
    return sampled;
  }

  /// Tries again while the database is away or another transaction is in the way. Between two tries
  /// it stands aside for the other events.
  private Runnable retrying(
      long eventId, List<Waiting> group, BatchTrace trace, RetryAwareLimiter.Place place) {
    List<Command> commands = group.stream().map(Waiting::command).toList();
    long end = System.nanoTime() + settings.retryFor().toNanos();
    Duration pause = settings.retryPause();
    if (!place.isTaken()) {
      throw new CannotAcquireLockException("there is no place for another try");
    }
    while (true) {
      try {
        Runnable announcement = boxOffice.commit(eventId, commands, trace::of);
        place.gotThrough();
        return announcement;
      } catch (DataIntegrityViolationException e) {
        // Trying again would end the same way, and keep the others waiting.
        throw e;
      } catch (DataAccessException | TransactionException e) {
        database.recordFailure(e);
        if (System.nanoTime() - end > 0 || !stoodAside(place, pause, end)) {
          throw e;
        }
        log.debug("event {}: trying again: {}", eventId, rootMessage(e));
        pause = shorter(pause.multipliedBy(2), LONGEST_PAUSE);
      }
    }
  }

  /// @return whether there may be another try
  private static boolean stoodAside(RetryAwareLimiter.Place place, Duration pause, long end) {
    try {
      return place.standAside(pause, end);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void settle(List<Waiting> group, boolean decided) {
    List<Delivery> delete = new ArrayList<>();
    for (Waiting waiting : group) {
      Delivery delivery = waiting.delivery();
      if (!decided) {
        delivery.comesBack = true;
      }
      if (delivery.inWork.decrementAndGet() == 0) {
        if (delivery.comesBack) {
          room.release(delivery.room);
        } else {
          delete.add(delivery);
        }
      }
    }
    delete(delete);
  }

  private void delete(List<Delivery> deliveries) {
    for (int from = 0; from < deliveries.size(); from += TEN) {
      List<DeleteMessageBatchRequestEntry> entries = new ArrayList<>(TEN);
      int taken = 0;
      for (Delivery delivery : deliveries.subList(from, Math.min(from + TEN, deliveries.size()))) {
        taken += delivery.room;
        // The entry's id is its place, not the message's id: the same message may stand twice in a
        // batch if it was delivered again, and SQS refuses a batch with two equal ids.
        entries.add(
            DeleteMessageBatchRequestEntry.builder()
                .id(String.valueOf(entries.size()))
                .receiptHandle(delivery.message.receiptHandle())
                .build());
      }
      int freed = taken;
      sqs.deleteMessageBatch(request -> request.queueUrl(queueUrl()).entries(entries))
          .whenComplete(
              (response, failure) -> {
                room.release(freed);
                if (failure != null) {
                  log.warn("{} messages not deleted: {}", entries.size(), rootMessage(failure));
                } else if (!response.failed().isEmpty()) { // an empty list is sent, too
                  log.warn("{} messages not deleted", response.failed().size());
                }
              });
    }
  }

  /// Shows a message that cannot be read again soon, and later each time.
  private void comeBackSoon(Message message) {
    int doublings = Math.clamp(receiveCount(message) - 1, 0, 5);
    int seconds =
        (int) Math.min(LONGEST_UNREAD, settings.unreadablePause().toSeconds() << doublings);
    sqs.changeMessageVisibility(
            request ->
                request
                    .queueUrl(queueUrl())
                    .receiptHandle(message.receiptHandle())
                    .visibilityTimeout(seconds))
        .whenComplete(
            (response, failure) -> {
              if (failure != null) {
                log.debug("visibility not changed: {}", rootMessage(failure));
              }
            });
  }

  private static Duration shorter(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  private static int receiveCount(Message message) {
    String count = message.attributes().get(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT);
    return count == null ? 1 : Integer.parseInt(count);
  }

  private String queueUrl() {
    String known = queueUrl;
    if (known == null) {
      known = sqs.getQueueUrl(request -> request.queueName(settings.queue())).join().queueUrl();
      queueUrl = known;
    }
    return known;
  }

  private static void pause(Duration pause) {
    try {
      TimeUnit.NANOSECONDS.sleep(pause.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String rootMessage(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.toString();
  }

  /// Stops receiving, then finishes and deletes what is in hand.
  @Override
  public void stop() {
    running = false;
    pollers.shutdown();
    long end = System.nanoTime() + settings.stopTimeout().toNanos();
    try {
      if (!pollers.awaitTermination(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        pollers.shutdownNow();
      }
      if (!lanes.finish(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        log.warn("stopped with work in hand: it will be delivered again");
        lanes.close();
      }
      // All permits are back once the last message is deleted.
      room.tryAcquire(settings.inFlight(), end - System.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public boolean isRunning() {
    return running;
  }
}
