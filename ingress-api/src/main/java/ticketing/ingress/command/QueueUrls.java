package ticketing.ingress.command;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.springframework.stereotype.Component;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;

/// URLs of the queue and of the dead-letter queue. Each is looked up once, and again only after a
/// failure.
@Component
public class QueueUrls {

  private final SqsAsyncClient sqs;
  private final QueueSettings settings;
  private final AtomicReference<CompletableFuture<String>> bookings = new AtomicReference<>();
  private final AtomicReference<CompletableFuture<String>> deadLetters = new AtomicReference<>();

  QueueUrls(SqsAsyncClient sqs, QueueSettings settings) {
    this.sqs = sqs;
    this.settings = settings;
  }

  public CompletableFuture<String> bookings() {
    return lookUp(bookings, settings.name());
  }

  public CompletableFuture<String> deadLetters() {
    return lookUp(deadLetters, settings.deadLetters());
  }

  private CompletableFuture<String> lookUp(
      AtomicReference<CompletableFuture<String>> url, String name) {
    CompletableFuture<String> known = url.get();
    if (known != null && !known.isCompletedExceptionally()) {
      return known;
    }
    CompletableFuture<String> lookup = new CompletableFuture<>();
    if (!url.compareAndSet(known, lookup)) {
      return lookUp(url, name);
    }
    sqs.getQueueUrl(request -> request.queueName(name))
        .whenComplete((found, failure) -> {
          if (failure == null) {
            lookup.complete(found.queueUrl());
          } else {
            lookup.completeExceptionally(failure);
          }
        });
    return lookup;
  }
}
