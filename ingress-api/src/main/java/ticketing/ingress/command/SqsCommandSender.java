package ticketing.ingress.command;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.stereotype.Component;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.BatchResultErrorEntry;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchResponse;
import ticketing.concurrent.BatchingExecutor;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.queue.SqsLimits;
import ticketing.tracing.Traces;

/// Sends commands to the queue, each in a message of its event's group, up to ten in one call.
///
/// While a call is in progress, commands gather for a full one for a short time: a call costs about
/// the same for one command and for ten. A command in doubt is sent a second time: a worker decides
/// a duplicate only once.
@Component
class SqsCommandSender {

  static final int MAX_CONCURRENT_CALLS = 16;
  private static final int MAX_ATTEMPTS = 2;
  private static final String STRING = "String"; // data type of an attribute

  /// Result of sending one command.
  sealed interface SendResult {

    /// The queue has stored the command.
    record Accepted() implements SendResult {}

    /// The queue has not stored the command, and will not store it.
    record Refused(String cause) implements SendResult {}

    /// The queue may have stored the command, or may store it later.
    record InDoubt(String cause) implements SendResult {}
  }

  /// @param trace `traceparent`; null if the request is not sampled
  /// @param claimed set by the call that sends the command or by the caller that abandons it
  private record Outgoing(Command command, @Nullable String trace, AtomicBoolean claimed) {

    boolean claim() {
      return claimed.compareAndSet(false, true);
    }
  }

  private final SqsAsyncClient sqs;
  private final QueueUrls urls;
  private final long timeoutMillis;
  private final BatchingExecutor<Outgoing, SendResult> batches;

  SqsCommandSender(SqsAsyncClient sqs, QueueUrls urls, QueueSettings settings) {
    this.sqs = sqs;
    this.urls = urls;
    this.timeoutMillis = settings.timeout().toMillis();
    this.batches =
        new BatchingExecutor<>(
            "send-commands",
            SqsLimits.MAX_BATCH_SIZE,
            MAX_CONCURRENT_CALLS,
            settings.linger(),
            this::sendBatch);
  }

  /// Blocks until the result is known, at most for [QueueSettings#timeout()]. A command whose call
  /// has not begun by then is not sent.
  SendResult send(Command command) {
    Outgoing outgoing = new Outgoing(command, Traces.current(), new AtomicBoolean());
    CompletableFuture<SendResult> result = batches.submit(outgoing);
    try {
      return result.get(timeoutMillis, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return abandon(outgoing, result, "no answer within the timeout");
    } catch (ExecutionException e) {
      return failed(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return abandon(outgoing, result, "interrupted");
    }
  }

  private static SendResult abandon(
      Outgoing outgoing, CompletableFuture<SendResult> result, String cause) {
    if (outgoing.claim()) {
      result.cancel(false);
      return new SendResult.Refused("not sent within the timeout");
    }
    return new SendResult.InDoubt(cause);
  }

  /// @return one result for each command, in the same order
  private List<SendResult> sendBatch(List<Outgoing> commands) {
    SendResult[] results = new SendResult[commands.size()];
    List<SendMessageBatchRequestEntry> entries = new ArrayList<>(commands.size());
    for (int i = 0; i < results.length; i++) {
      if (commands.get(i).claim()) {
        entries.add(entry(i, commands.get(i)));
      } else {
        results[i] = new SendResult.Refused("abandoned");
      }
    }
    for (List<SendMessageBatchRequestEntry> call : splitBySize(entries)) {
      sendCall(call, results);
    }
    return List.of(results);
  }

  private static SendMessageBatchRequestEntry entry(int index, Outgoing outgoing) {
    return SendMessageBatchRequestEntry.builder()
        .id(String.valueOf(index))
        .messageBody(CommandCodec.encode(outgoing.command()))
        .messageGroupId(String.valueOf(outgoing.command().eventId()))
        .messageAttributes(
            outgoing.trace() == null
                ? Map.of()
                : Map.of(
                    Traces.ATTRIBUTE,
                    MessageAttributeValue.builder()
                        .dataType(STRING)
                        .stringValue(outgoing.trace())
                        .build()))
        .build();
  }

  /// Splits entries into calls of at most [SqsLimits#MAX_BATCH_BYTES]. A larger entry has a call of
  /// its own, which the queue refuses.
  static List<List<SendMessageBatchRequestEntry>> splitBySize(
      List<SendMessageBatchRequestEntry> entries) {
    List<List<SendMessageBatchRequestEntry>> calls = new ArrayList<>();
    int bytes = 0;
    for (SendMessageBatchRequestEntry entry : entries) {
      int size = size(entry);
      if (calls.isEmpty() || bytes + size > SqsLimits.MAX_BATCH_BYTES) {
        calls.add(new ArrayList<>());
        bytes = 0;
      }
      calls.getLast().add(entry);
      bytes += size;
    }
    return calls;
  }

  private static int size(SendMessageBatchRequestEntry entry) {
    int size = bytes(entry.messageBody());
    for (var attribute : entry.messageAttributes().entrySet()) {
      size +=
          bytes(attribute.getKey())
              + bytes(attribute.getValue().dataType())
              + bytes(attribute.getValue().stringValue());
    }
    return size;
  }

  private static int bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  /// Sends the entries, and retries those in doubt once. A refusal of the second attempt does not
  /// end the doubt about the first one.
  private void sendCall(List<SendMessageBatchRequestEntry> entries, SendResult[] results) {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    List<SendMessageBatchRequestEntry> unsent = entries;
    for (int attempt = 0; attempt < MAX_ATTEMPTS && !unsent.isEmpty(); attempt++) {
      long left = end - System.nanoTime();
      if (left <= 0) {
        return;
      }
      List<SendMessageBatchRequestEntry> inDoubt = new ArrayList<>();
      List<SendResult> sent = callOnce(unsent, left);
      for (int i = 0; i < sent.size(); i++) {
        int index = Integer.parseInt(unsent.get(i).id());
        if (results[index] == null || sent.get(i) instanceof SendResult.Accepted) {
          results[index] = sent.get(i);
        }
        if (results[index] instanceof SendResult.InDoubt) {
          inDoubt.add(unsent.get(i));
        }
      }
      unsent = inDoubt;
    }
  }

  /// @param nanos timeout
  /// @return one result for each entry, in the same order
  private List<SendResult> callOnce(List<SendMessageBatchRequestEntry> entries, long nanos) {
    String url;
    try {
      url = urls.bookings().copy().orTimeout(nanos, TimeUnit.NANOSECONDS).join();
    } catch (CompletionException e) {
      return Collections.nCopies(entries.size(), new SendResult.Refused(rootCause(e)));
    }
    try {
      SendMessageBatchResponse response =
          sqs.sendMessageBatch(request -> request.queueUrl(url).entries(entries))
              .orTimeout(nanos, TimeUnit.NANOSECONDS)
              .join();
      return entries.stream().map(entry -> result(entry.id(), response)).toList();
    } catch (CompletionException e) {
      return Collections.nCopies(entries.size(), failed(e));
    }
  }

  private static SendResult result(String id, SendMessageBatchResponse response) {
    if (response.successful().stream().anyMatch(entry -> entry.id().equals(id))) {
      return new SendResult.Accepted();
    }
    return response.failed().stream()
        .filter(entry -> entry.id().equals(id))
        .findFirst()
        .map(SqsCommandSender::failed)
        .orElseGet(() -> new SendResult.InDoubt("no result in the answer"));
  }

  private static SendResult failed(BatchResultErrorEntry error) {
    String cause = error.code() + ": " + error.message();
    return SqsErrors.isRefusal(error)
        ? new SendResult.Refused(cause)
        : new SendResult.InDoubt(cause);
  }

  private static SendResult failed(Throwable failure) {
    return SqsErrors.isRefusal(failure)
        ? new SendResult.Refused(rootCause(failure))
        : new SendResult.InDoubt(rootCause(failure));
  }

  private static String rootCause(Throwable failure) {
    Throwable root = NestedExceptionUtils.getMostSpecificCause(failure);
    return root.getClass().getSimpleName() + ": " + root.getMessage();
  }
}
