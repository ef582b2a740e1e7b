package ticketing.worker.pipeline;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import org.springframework.context.ApplicationContext;
import ticketing.database.DatabaseHealth;
import ticketing.domain.Command;
import ticketing.tracing.Traces;
import ticketing.worker.failure.FatalErrorHandler;
import ticketing.worker.order.AcceptanceOrder;
import ticketing.worker.queue.CommandQueue;
import ticketing.worker.queue.Delivery;
import ticketing.worker.queue.QueueSettings;

/// Command queue in memory for tests and benchmarks, with one command in each message. It delivers
/// no message twice.
final class InMemoryCommandQueue implements CommandQueue {

  private static final Duration NEVER_EXPIRES = Duration.ofHours(12);

  private final BlockingQueue<Delivery> messages = new LinkedBlockingQueue<>();
  private final Map<String, ReleaseReason> released = new ConcurrentHashMap<>();
  private final AtomicReference<Throwable> receiveFailure = new AtomicReference<>();
  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong acknowledged = new AtomicLong();
  private final IntConsumer acknowledgementListener;

  InMemoryCommandQueue() {
    this(messages -> {});
  }

  /// @param acknowledgementListener called with the number of messages of each acknowledgement
  InMemoryCommandQueue(IntConsumer acknowledgementListener) {
    this.acknowledgementListener = acknowledgementListener;
  }

  /// Returns a started listener of this queue with the collaborators of a running worker.
  CommandListener startListener(ApplicationContext worker) {
    return startListener(
        worker, worker.getBean(BoxOffice.class), worker.getBean(DecisionPublisher.class));
  }

  CommandListener startListener(
      ApplicationContext worker, BoxOffice boxOffice, DecisionPublisher publisher) {
    return startListener(worker, boxOffice, publisher, worker.getBean(FatalErrorHandler.class));
  }

  CommandListener startListener(
      ApplicationContext worker,
      BoxOffice boxOffice,
      DecisionPublisher publisher,
      FatalErrorHandler fatalErrors) {
    CommandListener listener =
        new CommandListener(
            this,
            boxOffice,
            worker.getBean(AcceptanceOrder.class),
            publisher,
            worker.getBean(DatabaseHealth.class),
            worker.getBean(PipelineSettings.class),
            worker.getBean(QueueSettings.class),
            fatalErrors,
            worker.getBean(PipelineMetrics.class),
            worker.getBean(Traces.class));
    listener.start();
    return listener;
  }

  void send(Collection<? extends Command> commands) {
    send(commands, NEVER_EXPIRES);
  }

  /// @param visibility time until the deliveries expire, from now
  void send(Collection<? extends Command> commands, Duration visibility) {
    for (Command command : commands) {
      Map<Command, String> untraced = new HashMap<>();
      untraced.put(command, null);
      String id = String.valueOf(sent.incrementAndGet());
      messages.add(new Delivery(id, id, 1, untraced, 0, 0, visibility));
    }
  }

  /// Returns true if all messages are acknowledged.
  boolean isDrained() {
    return acknowledged.get() == sent.get();
  }

  /// Returns true if a listener has received all messages.
  boolean isReceived() {
    return messages.isEmpty();
  }

  long acknowledged() {
    return acknowledged.get();
  }

  /// Lets one receive call fail.
  void failReceive(Throwable failure) {
    receiveFailure.set(failure);
  }

  @Override
  public List<Delivery> receive(Duration maxWait) {
    switch (receiveFailure.getAndSet(null)) {
      case Error error -> throw error;
      case RuntimeException exception -> throw exception;
      case null, default -> {}
    }
    List<Delivery> received = new ArrayList<>(MAX_BATCH_SIZE);
    try {
      Delivery first = messages.poll(maxWait.toMillis(), TimeUnit.MILLISECONDS);
      if (first != null) {
        received.add(first);
        messages.drainTo(received, MAX_BATCH_SIZE - 1);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return received;
  }

  @Override
  public CompletableFuture<Void> acknowledge(List<Delivery> deliveries) {
    acknowledged.addAndGet(deliveries.size());
    acknowledgementListener.accept(deliveries.size());
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletableFuture<Void> release(Delivery delivery, ReleaseReason reason) {
    released.put(delivery.messageId(), reason);
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletableFuture<Void> releaseAll() {
    return CompletableFuture.completedFuture(null);
  }

  /// Reasons of the released messages by message id.
  Map<String, ReleaseReason> released() {
    return released;
  }
}
