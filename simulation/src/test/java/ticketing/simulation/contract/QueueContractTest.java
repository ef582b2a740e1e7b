package ticketing.simulation.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.BatchResultErrorEntry;
import software.amazon.awssdk.services.sqs.model.ChangeMessageVisibilityBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import ticketing.local.servers.LocalServers;
import ticketing.local.servers.LocalStack;
import ticketing.simulation.queue.QueueFaults;
import ticketing.simulation.queue.SimulatedQueue;
import ticketing.simulation.queue.SimulatedSqs;

/// The simulated queue and ElasticMQ, or [LocalStack], give the same results.
class QueueContractTest {

  private static final String CHANGE_OF_DELETED = "change of deleted ";

  @Test
  void simulatedQueueBehavesAsTheRealOne() throws Exception {
    Environment.Simulated simulated = new Environment.Simulated();
    QueueFaults faults = new QueueFaults();
    SimulatedQueue dead =
        new SimulatedQueue(simulated.kernel, "contract-dlq", faults, 30, Integer.MAX_VALUE, null);
    SimulatedQueue queue = new SimulatedQueue(simulated.kernel, "contract", faults, 30, 5, dead);
    List<String> expected;
    LocalServers servers = LocalServers.shared();
    String name = "contract-" + UUID.randomUUID();
    servers.newQueues(name, Duration.ofSeconds(30));
    try (SqsAsyncClient real =
        SqsAsyncClient.builder()
            .endpointOverride(URI.create(servers.queueEndpoint()))
            .region(Region.AP_NORTHEAST_2)
            .credentialsProvider(
                StaticCredentialsProvider.create(AwsBasicCredentials.create("x", "x")))
            .build()) {
      expected = new Environment.Real().run(environment -> observe(environment, real, name));
    }
    if (LocalStack.isEnabled()) {
      // SQS and ElasticMQ attribute an unknown receipt handle to the sender, LocalStack does not.
      assertThat(
              Collections.replaceAll(
                  expected, CHANGE_OF_DELETED + "[false]", CHANGE_OF_DELETED + "[true]"))
          .isTrue();
    }
    SimulatedSqs sqs =
        new SimulatedSqs(
            simulated.kernel,
            simulated.process,
            Map.of("contract", queue, "contract-dlq", dead),
            faults);
    assertThat(simulated.run(environment -> observe(environment, sqs, "contract")))
        .isEqualTo(expected)
        .hasSizeGreaterThan(10);
  }

  private static List<String> observe(Environment environment, SqsAsyncClient sqs, String name)
      throws Exception {
    String url = url(sqs, name);
    List<String> observed = new ArrayList<>();
    observed.add("timeout " + attribute(sqs, url, QueueAttributeName.VISIBILITY_TIMEOUT));
    observed.add("empty " + receive(sqs, url, 30, 0).size());
    send(sqs, url, "one", "two");
    List<Message> both = receive(sqs, url, 30, 1);
    for (int i = 0; i < 20 && both.size() < 2; i++) {
      both = new ArrayList<>(both);
      both.addAll(receive(sqs, url, 30, 1));
    }
    observed.add("bodies " + both.stream().map(Message::body).sorted().toList());
    observed.add("counts " + both.stream().map(QueueContractTest::receiveCount).toList());
    observed.add(
        "groups "
            + both.stream()
                .map(message ->
                    message.attributes().get(MessageSystemAttributeName.MESSAGE_GROUP_ID))
                .toList());
    observed.add("invisible " + receive(sqs, url, 30, 0).size());
    observed.add(
        "not visible "
            + attribute(sqs, url, QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE));
    observed.add("deleted " + delete(sqs, url, both.get(0)));
    observed.add(CHANGE_OF_DELETED + change(sqs, url, both.get(0), 5));
    observed.add("released " + change(sqs, url, both.get(1), 0));
    Message second = receiveOne(environment, sqs, url, 1);
    observed.add("second receive " + receiveCount(second));
    environment.sleep(1_300);
    Message third = receiveOne(environment, sqs, url, 30);
    observed.add("third receive after the timeout " + receiveCount(third));
    observed.add("new handle " + !third.receiptHandle().equals(second.receiptHandle()));
    for (int i = 4; i <= 5; i++) {
      change(sqs, url, third, 0);
      third = receiveOne(environment, sqs, url, 30);
      observed.add("receive " + receiveCount(third));
    }
    change(sqs, url, third, 0);
    observed.add("after the last receive " + receive(sqs, url, 30, 0).size());
    String dead = url(sqs, name + "-dlq");
    Message letter = receiveOne(environment, sqs, dead, 30);
    observed.add("dead letter " + letter.body());
    observed.add("deleted " + delete(sqs, dead, letter));
    observed.add("left " + attribute(sqs, dead, QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES));
    return observed;
  }

  private static String url(SqsAsyncClient sqs, String name) {
    return sqs.getQueueUrl(request -> request.queueName(name)).join().queueUrl();
  }

  private static String attribute(SqsAsyncClient sqs, String url, QueueAttributeName name) {
    return sqs.getQueueAttributes(request -> request.queueUrl(url).attributeNames(name))
        .join()
        .attributes()
        .get(name);
  }

  private static void send(SqsAsyncClient sqs, String url, String... bodies) {
    List<SendMessageBatchRequestEntry> entries = new ArrayList<>();
    for (String body : bodies) {
      entries.add(
          SendMessageBatchRequestEntry.builder()
              .id(body)
              .messageBody(body)
              .messageGroupId("1")
              .build());
    }
    assertThat(
            sqs.sendMessageBatch(request -> request.queueUrl(url).entries(entries))
                .join()
                .successful())
        .hasSize(bodies.length);
  }

  private static List<Message> receive(
      SqsAsyncClient sqs, String url, int visibility, int waitSeconds) {
    return sqs.receiveMessage(request ->
            request
                .queueUrl(url)
                .maxNumberOfMessages(10)
                .visibilityTimeout(visibility)
                .waitTimeSeconds(waitSeconds)
                .messageSystemAttributeNames(
                    MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT,
                    MessageSystemAttributeName.MESSAGE_GROUP_ID))
        .join()
        .messages();
  }

  private static Message receiveOne(
      Environment environment, SqsAsyncClient sqs, String url, int visibility) throws Exception {
    for (int i = 0; i < 100; i++) {
      List<Message> messages = receive(sqs, url, visibility, 1);
      if (!messages.isEmpty()) {
        assertThat(messages).hasSize(1);
        return messages.getFirst();
      }
      environment.sleep(100);
    }
    throw new AssertionError("no message");
  }

  private static String receiveCount(Message message) {
    return message.attributes().get(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT);
  }

  private static boolean delete(SqsAsyncClient sqs, String url, Message message) {
    return sqs.deleteMessageBatch(request ->
            request
                .queueUrl(url)
                .entries(
                    DeleteMessageBatchRequestEntry.builder()
                        .id("1")
                        .receiptHandle(message.receiptHandle())
                        .build()))
        .join()
        .failed()
        .isEmpty();
  }

  private static List<Boolean> change(
      SqsAsyncClient sqs, String url, Message message, int seconds) {
    return sqs
        .changeMessageVisibilityBatch(request ->
            request
                .queueUrl(url)
                .entries(
                    ChangeMessageVisibilityBatchRequestEntry.builder()
                        .id("1")
                        .receiptHandle(message.receiptHandle())
                        .visibilityTimeout(seconds)
                        .build()))
        .join()
        .failed()
        .stream()
        .map(BatchResultErrorEntry::senderFault)
        .toList();
  }
}
