package ticketing.ingress.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.BatchResultErrorEntry;
import software.amazon.awssdk.services.sqs.model.GetQueueUrlResponse;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequest;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchResponse;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchResultEntry;
import ticketing.domain.Command;
import ticketing.ingress.command.SqsCommandSender.SendResult;
import ticketing.queue.SqsLimits;

/// Batches, results and retries of sent commands, with scripted answers of the queue.
class SqsCommandSenderTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  /// More than the concurrent calls carry.
  private static final int COMMANDS =
      (SqsCommandSender.MAX_CONCURRENT_CALLS + 1) * SqsLimits.MAX_BATCH_SIZE;

  private final List<SendMessageBatchRequest> calls = new CopyOnWriteArrayList<>();
  private Function<SendMessageBatchRequest, CompletableFuture<SendMessageBatchResponse>> answers =
      request -> CompletableFuture.completedFuture(accept(request.entries()));

  private SqsCommandSender sender(Duration timeout) {
    QueueSettings settings =
        new QueueSettings(
            "bookings", "bookings-dlq", 100, timeout, Duration.ofMillis(5), 100, timeout, 1);
    SqsAsyncClient sqs = scriptedClient();
    return new SqsCommandSender(sqs, new QueueUrls(sqs, settings), settings);
  }

  private SqsAsyncClient scriptedClient() {
    return (SqsAsyncClient)
        Proxy.newProxyInstance(
            SqsAsyncClient.class.getClassLoader(),
            new Class<?>[] {SqsAsyncClient.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "getQueueUrl" ->
                      CompletableFuture.completedFuture(
                          GetQueueUrlResponse.builder().queueUrl("http://queue").build());
                  case "sendMessageBatch" -> answer((Consumer<?>) arguments[0]);
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }

  @SuppressWarnings("unchecked")
  private CompletableFuture<SendMessageBatchResponse> answer(Consumer<?> configure) {
    SendMessageBatchRequest.Builder request = SendMessageBatchRequest.builder();
    ((Consumer<SendMessageBatchRequest.Builder>) configure).accept(request);
    SendMessageBatchRequest call = request.build();
    calls.add(call);
    return answers.apply(call);
  }

  private static SendMessageBatchResponse accept(List<SendMessageBatchRequestEntry> entries) {
    return SendMessageBatchResponse.builder()
        .successful(
            entries.stream()
                .map(entry -> SendMessageBatchResultEntry.builder().id(entry.id()).build())
                .toList())
        .failed(List.of())
        .build();
  }

  private static SendMessageBatchResponse fail(
      List<SendMessageBatchRequestEntry> entries, String code, boolean senderFault) {
    return SendMessageBatchResponse.builder()
        .successful(List.of())
        .failed(
            entries.stream()
                .map(entry ->
                    BatchResultErrorEntry.builder()
                        .id(entry.id())
                        .code(code)
                        .senderFault(senderFault)
                        .build())
                .toList())
        .build();
  }

  private static Command command(long event) {
    return new Command.BookSeats(UUID.randomUUID(), "ann", event, "VIP", 1, Instant.EPOCH);
  }

  private static CompletableFuture<SendMessageBatchResponse> timeout() {
    return CompletableFuture.failedFuture(ApiCallTimeoutException.create(1));
  }

  @Test
  void acceptedCommandCarriesItsGroup() {
    assertThat(sender(TIMEOUT).send(command(7))).isEqualTo(new SendResult.Accepted());
    assertThat(calls).hasSize(1);
    SendMessageBatchRequestEntry entry = calls.getFirst().entries().getFirst();
    assertThat(entry.messageGroupId()).isEqualTo("7");
    assertThat(entry.messageBody()).contains("\"eventId\":7");
    assertThat(entry.messageAttributes()).isEmpty();
  }

  @Test
  void callHasAtMostTenMessages() throws Exception {
    CompletableFuture<Void> blocked = new CompletableFuture<>();
    answers = request -> blocked.thenApply(done -> accept(request.entries()));
    SqsCommandSender sender = sender(TIMEOUT);
    List<Future<SendResult>> results = new ArrayList<>();
    try (ExecutorService requests = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < COMMANDS; i++) {
        long event = i;
        results.add(requests.submit(() -> sender.send(command(event))));
      }
      await().until(() -> calls.size() == SqsCommandSender.MAX_CONCURRENT_CALLS);
      blocked.complete(null);
      for (Future<SendResult> result : results) {
        assertThat(result.get()).isEqualTo(new SendResult.Accepted());
      }
    }
    assertThat(calls).allMatch(call -> call.entries().size() <= SqsLimits.MAX_BATCH_SIZE);
    assertThat(calls).anyMatch(call -> call.entries().size() == SqsLimits.MAX_BATCH_SIZE);
    assertThat(calls.stream().mapToInt(call -> call.entries().size()).sum()).isEqualTo(COMMANDS);
  }

  @Test
  void partlyFailedCallFailsOnlyItsEntries() throws Exception {
    CompletableFuture<Void> blocked = new CompletableFuture<>();
    answers =
        request ->
            blocked.thenApply(done -> {
              List<SendMessageBatchRequestEntry> odd = entriesOf(request, 1);
              SendMessageBatchResponse failed = fail(odd, "InvalidMessageContents", true);
              return accept(entriesOf(request, 0)).toBuilder().failed(failed.failed()).build();
            });
    SqsCommandSender sender = sender(TIMEOUT);
    List<Future<SendResult>> results = new ArrayList<>();
    try (ExecutorService requests = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < COMMANDS; i++) {
        long event = i;
        results.add(requests.submit(() -> sender.send(command(event))));
      }
      await().until(() -> calls.size() == SqsCommandSender.MAX_CONCURRENT_CALLS);
      blocked.complete(null);
      for (int i = 0; i < COMMANDS; i++) {
        assertThat(results.get(i).get())
            .isInstanceOf(i % 2 == 0 ? SendResult.Accepted.class : SendResult.Refused.class);
      }
    }
  }

  private static List<SendMessageBatchRequestEntry> entriesOf(
      SendMessageBatchRequest request, int remainder) {
    return request.entries().stream()
        .filter(entry -> Long.parseLong(entry.messageGroupId()) % 2 == remainder)
        .toList();
  }

  @Test
  void senderFaultIsRefusalWithoutRetry() {
    answers =
        request ->
            CompletableFuture.completedFuture(fail(request.entries(), "InternalSender", true));
    assertThat(sender(TIMEOUT).send(command(1))).isInstanceOf(SendResult.Refused.class);
    assertThat(calls).hasSize(1);
  }

  @Test
  void throttledEntryIsRefusal() {
    answers =
        request ->
            CompletableFuture.completedFuture(fail(request.entries(), "RequestThrottled", false));
    assertThat(sender(TIMEOUT).send(command(1))).isInstanceOf(SendResult.Refused.class);
  }

  @Test
  void internalErrorOfEntryIsRetriedOnce() {
    answers =
        request ->
            CompletableFuture.completedFuture(
                calls.size() == 1
                    ? fail(request.entries(), "InternalError", false)
                    : accept(request.entries()));
    assertThat(sender(TIMEOUT).send(command(1))).isEqualTo(new SendResult.Accepted());
    assertThat(calls).hasSize(2);
  }

  @Test
  void secondFailureLeavesCommandInDoubt() {
    answers = request -> timeout();
    assertThat(sender(TIMEOUT).send(command(1))).isInstanceOf(SendResult.InDoubt.class);
    assertThat(calls).hasSize(2);
  }

  @Test
  void laterRefusalDoesNotEndDoubt() {
    answers =
        request ->
            calls.size() == 1
                ? timeout()
                : CompletableFuture.completedFuture(
                    fail(request.entries(), "InvalidMessageContents", true));
    assertThat(sender(TIMEOUT).send(command(1))).isInstanceOf(SendResult.InDoubt.class);
    assertThat(calls).hasSize(2);
  }

  @Test
  void entryWithoutResultIsInDoubt() {
    answers = request -> CompletableFuture.completedFuture(accept(List.of()));
    assertThat(sender(TIMEOUT).send(command(1))).isInstanceOf(SendResult.InDoubt.class);
  }

  @Test
  void abandonedCommandIsNeverSent() throws Exception {
    CompletableFuture<Void> blocked = new CompletableFuture<>();
    answers = request -> blocked.thenApply(done -> accept(request.entries()));
    SqsCommandSender sender = sender(TIMEOUT);
    try (ExecutorService requests = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<SendResult>> sent = new ArrayList<>();
      for (int i = 1; i <= SqsCommandSender.MAX_CONCURRENT_CALLS; i++) {
        int expected = i;
        sent.add(requests.submit(() -> sender.send(command(1))));
        await().until(() -> calls.size() == expected);
      }
      CompletableFuture<SendResult> abandoned = new CompletableFuture<>();
      Thread request = Thread.ofVirtual().start(() -> abandoned.complete(sender.send(command(2))));
      request.interrupt();
      assertThat(abandoned.get()).isInstanceOf(SendResult.Refused.class);
      blocked.complete(null);
      for (Future<SendResult> result : sent) {
        assertThat(result.get()).isEqualTo(new SendResult.Accepted());
      }
    }
    assertThat(sender.send(command(3))).isEqualTo(new SendResult.Accepted());
    assertThat(calls)
        .flatExtracting(SendMessageBatchRequest::entries)
        .extracting(SendMessageBatchRequestEntry::messageGroupId)
        .doesNotContain("2");
  }

  @Test
  void unansweredCommandIsInDoubtAfterTheTimeout() {
    answers = request -> new CompletableFuture<>();
    assertThat(sender(Duration.ofSeconds(2)).send(command(1)))
        .isInstanceOf(SendResult.InDoubt.class);
    assertThat(calls).hasSize(1);
  }

  @Test
  void callsStayWithinTheSizeLimit() {
    List<SendMessageBatchRequestEntry> entries =
        IntStream.range(0, 10)
            .mapToObj(i ->
                SendMessageBatchRequestEntry.builder()
                    .id(String.valueOf(i))
                    .messageBody("x".repeat(SqsLimits.MAX_BATCH_BYTES / 4))
                    .build())
            .toList();
    List<List<SendMessageBatchRequestEntry>> split = SqsCommandSender.splitBySize(entries);
    assertThat(split).extracting(List::size).containsExactly(4, 4, 2);
    assertThat(split.stream().flatMap(List::stream)).containsExactlyElementsOf(entries);
    assertThat(SqsCommandSender.splitBySize(List.of())).isEmpty();
  }
}
