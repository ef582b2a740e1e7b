package ticketing.simulation.queue;

import java.net.ConnectException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.BatchResultErrorEntry;
import software.amazon.awssdk.services.sqs.model.ChangeMessageVisibilityBatchRequest;
import software.amazon.awssdk.services.sqs.model.ChangeMessageVisibilityBatchResponse;
import software.amazon.awssdk.services.sqs.model.ChangeMessageVisibilityBatchResultEntry;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequest;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchResponse;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchResultEntry;
import software.amazon.awssdk.services.sqs.model.GetQueueAttributesRequest;
import software.amazon.awssdk.services.sqs.model.GetQueueAttributesResponse;
import software.amazon.awssdk.services.sqs.model.GetQueueUrlRequest;
import software.amazon.awssdk.services.sqs.model.GetQueueUrlResponse;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import software.amazon.awssdk.services.sqs.model.ReceiveMessageRequest;
import software.amazon.awssdk.services.sqs.model.ReceiveMessageResponse;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequest;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchResponse;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchResultEntry;
import ticketing.simulation.kernel.Kernel;
import ticketing.simulation.kernel.SimulatedProcess;

/// Client of one process for the simulated queues.
public final class SimulatedSqs implements SqsAsyncClient {

  private static final long LATENCY = TimeUnit.MILLISECONDS.toNanos(3);
  private static final String THREAD = "sqs";
  private static final String SEND = "send";
  private static final long CALL_TIMEOUT = TimeUnit.SECONDS.toNanos(4);

  private final Kernel kernel;
  private final SimulatedProcess process;
  private final Map<String, SimulatedQueue> queues;
  private final QueueFaults faults;

  public SimulatedSqs(
      Kernel kernel,
      SimulatedProcess process,
      Map<String, SimulatedQueue> queues,
      QueueFaults faults) {
    this.kernel = kernel;
    this.process = process;
    this.queues = queues;
    this.faults = faults;
  }

  @Override
  public String serviceName() {
    return SERVICE_NAME;
  }

  @Override
  public void close() {
    // The client holds no resources.
  }

  private long latency() {
    return kernel.random().nextLong(LATENCY / 10, LATENCY) * faults.slowness;
  }

  private <T> CompletableFuture<T> call(String name, Supplier<T> operation) {
    return callAsync(name, answer -> answer.accept(operation.get()));
  }

  private <T> CompletableFuture<T> callAsync(String name, SimulatedProcess.Operation<T> operation) {
    CompletableFuture<T> result = new CompletableFuture<>();
    boolean isSend = name.equals(SEND);
    kernel.schedule(
        latency(),
        () -> {
          if (faults.refusing) {
            kernel.log().add("queue", process.name() + " " + name + " refused");
            process.failAfter(
                latency(),
                THREAD,
                result,
                SdkClientException.create("refused", new ConnectException("refused")));
          } else if (kernel.chance(
              isSend ? Math.max(faults.lostRequest, faults.lostSendRequest) : faults.lostRequest)) {
            kernel.log().add("queue", process.name() + " " + name + " request lost");
            process.failAfter(
                CALL_TIMEOUT + latency(), THREAD, result, ApiCallTimeoutException.create(4_000));
          } else {
            operation.execute(answer -> {
              if (kernel.chance(
                  isSend
                      ? Math.max(faults.lostAnswer, faults.lostSendAnswer)
                      : faults.lostAnswer)) {
                kernel.log().add("queue", process.name() + " " + name + " answer lost");
                process.failAfter(
                    CALL_TIMEOUT + latency(),
                    THREAD,
                    result,
                    ApiCallTimeoutException.create(4_000));
              } else {
                process.startAfter(latency(), THREAD, () -> result.complete(answer));
              }
            });
          }
        });
    return result;
  }

  private SimulatedQueue queue(String url) {
    return queues.get(url);
  }

  @Override
  public CompletableFuture<GetQueueUrlResponse> getQueueUrl(GetQueueUrlRequest request) {
    return call("url", () -> GetQueueUrlResponse.builder().queueUrl(request.queueName()).build());
  }

  @Override
  public CompletableFuture<GetQueueAttributesResponse> getQueueAttributes(
      GetQueueAttributesRequest request) {
    return call(
        "attributes",
        () -> {
          SimulatedQueue queue = queue(request.queueUrl());
          Map<QueueAttributeName, String> values = new EnumMap<>(QueueAttributeName.class);
          for (QueueAttributeName name : request.attributeNames()) {
            long value =
                switch (name) {
                  case VISIBILITY_TIMEOUT -> queue.visibilitySeconds();
                  case APPROXIMATE_NUMBER_OF_MESSAGES -> queue.count(true);
                  case APPROXIMATE_NUMBER_OF_MESSAGES_DELAYED -> 0;
                  case APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE -> queue.count(false);
                  default -> throw new IllegalArgumentException(name.toString());
                };
            values.put(name, String.valueOf(value));
          }
          return GetQueueAttributesResponse.builder().attributes(values).build();
        });
  }

  @Override
  public CompletableFuture<ReceiveMessageResponse> receiveMessage(ReceiveMessageRequest request) {
    long end = kernel.now() + TimeUnit.SECONDS.toNanos(request.waitTimeSeconds());
    return callAsync("receive", answer -> receive(request, end, answer));
  }

  /// A process that ended during its call receives no message; messages stay invisible if the
  /// server had answered.
  private void receive(
      ReceiveMessageRequest request, long end, Consumer<ReceiveMessageResponse> answer) {
    SimulatedQueue queue = queue(request.queueUrl());
    if (!process.isAlive()) {
      return;
    }
    List<SimulatedQueue.Received> received =
        queue.receive(
            request.maxNumberOfMessages(),
            request.visibilityTimeout() == null
                ? queue.visibilitySeconds()
                : request.visibilityTimeout());
    if (received.isEmpty() && kernel.now() < end && !faults.refusing) {
      queue.awaitVisible(end, () -> receive(request, end, answer));
      return;
    }
    if (!received.isEmpty()) {
      kernel.log().add("queue", process.name() + " receives " + handles(received));
    }
    answer.accept(
        ReceiveMessageResponse.builder()
            .messages(
                received.stream()
                    .map(one ->
                        Message.builder()
                            .messageId(one.entry().id)
                            .receiptHandle(one.handle())
                            .body(one.entry().body)
                            .attributes(attributes(one.entry()))
                            .build())
                    .toList())
            .build());
  }

  private static List<String> handles(List<SimulatedQueue.Received> received) {
    return received.stream().map(SimulatedQueue.Received::handle).toList();
  }

  private static Map<MessageSystemAttributeName, String> attributes(SimulatedQueue.Entry entry) {
    Map<MessageSystemAttributeName, String> attributes =
        new EnumMap<>(MessageSystemAttributeName.class);
    attributes.put(
        MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT, String.valueOf(entry.receives));
    attributes.put(
        MessageSystemAttributeName.SENT_TIMESTAMP,
        String.valueOf(Kernel.START.plusNanos(entry.sentAt).toEpochMilli()));
    if (entry.group != null) {
      attributes.put(MessageSystemAttributeName.MESSAGE_GROUP_ID, entry.group);
    }
    return attributes;
  }

  @Override
  public CompletableFuture<SendMessageBatchResponse> sendMessageBatch(
      SendMessageBatchRequest request) {
    return call(
        SEND,
        () -> {
          List<SendMessageBatchResultEntry> sent = new ArrayList<>();
          List<BatchResultErrorEntry> failed = new ArrayList<>();
          for (SendMessageBatchRequestEntry entry : request.entries()) {
            boolean fails = kernel.chance(faults.failedEntry);
            // An internal error leaves the effect open.
            boolean stored = !fails || kernel.random().nextBoolean();
            String id =
                stored
                    ? queue(request.queueUrl()).send(entry.messageBody(), entry.messageGroupId())
                    : "";
            kernel
                .log()
                .add("queue", process.name() + " sends " + id + (fails ? " with an error" : ""));
            if (fails) {
              failed.add(error(entry.id(), false));
            } else {
              sent.add(SendMessageBatchResultEntry.builder().id(entry.id()).messageId(id).build());
            }
          }
          return SendMessageBatchResponse.builder().successful(sent).failed(failed).build();
        });
  }

  private static BatchResultErrorEntry error(String id, boolean senderFault) {
    return BatchResultErrorEntry.builder()
        .id(id)
        .code(senderFault ? "ReceiptHandleIsInvalid" : "InternalError")
        .message("simulated")
        .senderFault(senderFault)
        .build();
  }

  @Override
  public CompletableFuture<DeleteMessageBatchResponse> deleteMessageBatch(
      DeleteMessageBatchRequest request) {
    return call(
        "delete",
        () -> {
          List<DeleteMessageBatchResultEntry> deleted = new ArrayList<>();
          List<BatchResultErrorEntry> failed = new ArrayList<>();
          request
              .entries()
              .forEach(entry -> {
                if (kernel.chance(faults.failedEntry)) {
                  failed.add(error(entry.id(), false));
                } else {
                  queue(request.queueUrl()).delete(entry.receiptHandle());
                  kernel.log().add("queue", process.name() + " deletes " + entry.receiptHandle());
                  deleted.add(DeleteMessageBatchResultEntry.builder().id(entry.id()).build());
                }
              });
          return DeleteMessageBatchResponse.builder().successful(deleted).failed(failed).build();
        });
  }

  @Override
  public CompletableFuture<ChangeMessageVisibilityBatchResponse> changeMessageVisibilityBatch(
      ChangeMessageVisibilityBatchRequest request) {
    return call(
        "visibility",
        () -> {
          List<ChangeMessageVisibilityBatchResultEntry> changed = new ArrayList<>();
          List<BatchResultErrorEntry> failed = new ArrayList<>();
          request
              .entries()
              .forEach(entry -> {
                if (kernel.chance(faults.failedEntry)) {
                  failed.add(error(entry.id(), false));
                } else if (queue(request.queueUrl())
                    .changeVisibility(entry.receiptHandle(), entry.visibilityTimeout())) {
                  changed.add(
                      ChangeMessageVisibilityBatchResultEntry.builder().id(entry.id()).build());
                } else {
                  failed.add(error(entry.id(), true));
                }
              });
          return ChangeMessageVisibilityBatchResponse.builder()
              .successful(changed)
              .failed(failed)
              .build();
        });
  }
}
