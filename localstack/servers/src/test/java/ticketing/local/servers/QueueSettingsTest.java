package ticketing.local.servers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The queues on AWS (`terraform/queue.tf`), in containers (LocalStack's hook) and in the build
/// (ElasticMQ) have equal settings. ElasticMQ has no retention, and its receivers set the wait time
/// of each poll.
class QueueSettingsTest {

  private static final Path ROOT = ProjectRoot.root();
  private static final Pattern RESOURCE =
      Pattern.compile("resource \"aws_sqs_queue\" \"(\\w+)\" \\{\n(.*?)\n}\n", Pattern.DOTALL);
  private static final Pattern SETTING =
      Pattern.compile("(\\w+_seconds|maxReceiveCount)\\s+= (.+)");
  private static final Pattern ATTRIBUTE =
      Pattern.compile(
          "\"(MessageRetentionPeriod|ReceiveMessageWaitTimeSeconds|VisibilityTimeout)\": \"(\\d+)\"");
  private static final Pattern MAX_RECEIVES = Pattern.compile("maxReceiveCount\\W+(\\d+)");
  private static final Map<String, String> NAMES =
      Map.of(
          "message_retention_seconds", "MessageRetentionPeriod",
          "receive_wait_time_seconds", "ReceiveMessageWaitTimeSeconds",
          "visibility_timeout_seconds", "VisibilityTimeout",
          "maxReceiveCount", "maxReceiveCount");

  @TempDir Path folder;
  private final Map<String, Map<String, Long>> expected = new HashMap<>();

  @BeforeEach
  void readTerraform() throws IOException {
    String text = Files.readString(ROOT.resolve("terraform/queue.tf"));
    RESOURCE.matcher(text).results().forEach(this::readQueue);
    assertThat(expected).containsOnlyKeys("bookings", "dead_letters");
    assertThat(expected.get("bookings")).hasSize(4);
    assertThat(expected.get("dead_letters")).hasSize(3);
  }

  private void readQueue(MatchResult queue) {
    Map<String, Long> settings = new TreeMap<>();
    SETTING
        .matcher(queue.group(2))
        .results()
        .forEach(setting -> settings.put(NAMES.get(setting.group(1)), product(setting.group(2))));
    expected.put(queue.group(1), settings);
  }

  private static long product(String expression) {
    return Arrays.stream(expression.split(" \\* "))
        .mapToLong(factor ->
            factor.startsWith("var.")
                ? variable(factor.substring(4))
                : Long.parseLong(factor.strip()))
        .reduce(1, Math::multiplyExact);
  }

  private static long variable(String name) {
    try {
      String text = Files.readString(ROOT.resolve("terraform/variables.tf"));
      var value =
          Pattern.compile("variable \"" + name + "\" \\{.*?default\\s+= (\\d+)\n", Pattern.DOTALL)
              .matcher(text);
      assertThat(value.find()).as(name).isTrue();
      return Long.parseLong(value.group(1));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void localStackHookCreatesTheQueuesOfAws() throws Exception {
    Map<String, Map<String, Long>> created = new LinkedHashMap<>();
    for (String call : runHook().split("--end--\n")) {
      if (call.contains("create-queue")) {
        Map<String, Long> settings = new TreeMap<>();
        ATTRIBUTE
            .matcher(call)
            .results()
            .forEach(found -> settings.put(found.group(1), Long.parseLong(found.group(2))));
        MAX_RECEIVES
            .matcher(call)
            .results()
            .forEach(found -> settings.put("maxReceiveCount", Long.parseLong(found.group(1))));
        created.put(call.contains("-dlq --attributes") ? "dead_letters" : "bookings", settings);
      }
    }
    assertThat(created).isEqualTo(expected);
  }

  private String runHook() throws Exception {
    Path calls = folder.resolve("calls");
    Path stub = folder.resolve("awslocal");
    Files.writeString(
        stub, "#!/bin/bash\nprintf '%s\\n--end--\\n' \"$*\" >>" + calls + "\necho arn:queue-dlq\n");
    Files.setPosixFilePermissions(stub, PosixFilePermissions.fromString("rwxr-xr-x"));
    ProcessBuilder builder =
        new ProcessBuilder("bash", ROOT.resolve("localstack/init/10-queues.sh").toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("output").toFile());
    builder.environment().put("PATH", folder + ":" + System.getenv("PATH"));
    Process process = builder.start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(folder.resolve("output"))).isZero();
    return Files.readString(calls);
  }

  @Test
  void embeddedQueueHasTheSettingsOfAws() {
    assertThat(ServerSettings.DEFAULT_VISIBILITY)
        .hasSeconds(expected.get("bookings").get("VisibilityTimeout"))
        .hasSeconds(expected.get("dead_letters").get("VisibilityTimeout"));
    assertThat((long) TestQueues.MAX_RECEIVES)
        .isEqualTo(expected.get("bookings").get("maxReceiveCount"));
  }
}
