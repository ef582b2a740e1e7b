package ticketing.ingress.command;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.springframework.stereotype.Component;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;

/// Where the queue and its dead letters are. Each is asked for once, and again only after a
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
    return ask(bookings, settings.name());
  }

  public CompletableFuture<String> deadLetters() {
    return ask(deadLetters, settings.deadLetters());
  }

  private CompletableFuture<String> ask(
      AtomicReference<CompletableFuture<String>> url, String name) {
    CompletableFuture<String> known = url.get();
    if (known != null && !known.isCompletedExceptionally()) {
      return known;
    }
    CompletableFuture<String> asked = new CompletableFuture<>();
    if (!url.compareAndSet(known, asked)) {
      return ask(url, name);
    }
    sqs.getQueueUrl(request -> request.queueName(name))
        .whenComplete(
            (found, failure) -> {
              if (failure == null) {
                asked.complete(found.queueUrl());
              } else {
                asked.completeExceptionally(failure);
              }
            });
    return asked;
  }
}
