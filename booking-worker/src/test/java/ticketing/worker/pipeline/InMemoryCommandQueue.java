package ticketing.worker.pipeline;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import org.springframework.context.ApplicationContext;
import ticketing.database.DatabaseHealth;
import ticketing.domain.Command;
import ticketing.tracing.Traces;

/// Command queue in memory for tests and benchmarks, with one command in each message. It delivers
/// no message twice.
final class InMemoryCommandQueue implements CommandQueue {

  private final BlockingQueue<Delivery> messages = new LinkedBlockingQueue<>();
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
    CommandListener listener =
        new CommandListener(
            this,
            boxOffice,
            publisher,
            worker.getBean(DatabaseHealth.class),
            worker.getBean(PipelineSettings.class),
            worker.getBean(PipelineMetrics.class),
            worker.getBean(Traces.class));
    listener.start();
    return listener;
  }

  void send(Collection<? extends Command> commands) {
    for (Command command : commands) {
      Map<Command, String> untraced = new HashMap<>();
      untraced.put(command, null);
      String id = String.valueOf(sent.incrementAndGet());
      messages.add(new Delivery(id, id, 1, untraced, 0));
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

  @Override
  public List<Delivery> receive(Duration maxWait) {
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
  public void release(Delivery delivery) {
    throw new AssertionError("released " + delivery.messageId());
  }
}
