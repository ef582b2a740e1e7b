package ticketing.checks.instance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// Runs a script of `terraform/modules/service/scripts` with stubs of the commands of AWS, Docker
/// and systemd. Each stub records its call and runs the answer of the test.
final class InstanceScripts {

  private static final Path SCRIPTS =
      Path.of("..", "terraform", "modules", "service", "scripts").toAbsolutePath();
  private static final List<String> STUBS = List.of("aws", "docker", "curl", "systemctl", "sleep");
  private static final int MAX_SECONDS = 30;

  private final Path folder;

  /// @param exitCode exit code of the script; 143 after [#endAfter]
  record Result(int exitCode, String output, List<String> calls) {

    long count(String call) {
      return calls.stream().filter(made -> made.contains(call)).count();
    }
  }

  /// @param answer lines of bash. `$call` is the command with its arguments, `$count` the number of
  ///   equal calls so far. The exit code is that of the last line.
  InstanceScripts(Path folder, String answer) {
    this.folder = folder;
    try {
      Files.createDirectories(folder.resolve("etc"));
      Files.createDirectories(folder.resolve("bin"));
      Files.writeString(folder.resolve("calls"), "");
      Files.writeString(folder.resolve("answer"), answer);
      for (String stub : STUBS) {
        Path command = folder.resolve("bin").resolve(stub);
        Files.writeString(
            command,
            """
            #!/bin/bash
            call="%1$s $*"
            echo "$call" >>"%2$s/calls"
            count=$(grep -cxF -- "$call" "%2$s/calls")
            . "%2$s/answer"
            """
                .formatted(stub, folder));
        Files.setPosixFilePermissions(command, PosixFilePermissions.fromString("rwxr-xr-x"));
      }
      Files.writeString(
          folder.resolve("etc/instance.env"),
          """
          REGION=ap-northeast-2
          REGISTRY=registry
          IMAGE=registry/service:1
          GROUP=group
          LAUNCHING_HOOK=launching
          DRAINING_HOOK=draining
          READY_URL=http://127.0.0.1/readyz
          LIVE_URL=http://127.0.0.1/livez
          LEAVE_SECONDS=30
          """);
      Files.writeString(
          folder.resolve("etc/secrets"),
          """
          FIRST arn:aws:secretsmanager:us-east-1:1:secret:first
          SECOND arn:aws:secretsmanager:ap-northeast-2:1:secret:second
          """);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Lines of an answer that end the script after a number of its pauses.
  static String endAfter(int pauses) {
    return "[ \"$call\" = 'sleep 5' ] && [ \"$count\" -ge " + pauses + " ] && kill $PPID\n";
  }

  Path secrets() {
    return folder.resolve("run/secrets.env");
  }

  Result run(String script) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder("bash", SCRIPTS.resolve(script).toString()).redirectErrorStream(true);
    builder
        .environment()
        .putAll(
            Map.of(
                "PATH", folder.resolve("bin") + ":" + System.getenv("PATH"),
                "TICKETING_ETC", folder.resolve("etc").toString(),
                "TICKETING_RUN", folder.resolve("run").toString()));
    Path output = folder.resolve("output");
    Process process = builder.redirectOutput(output.toFile()).start();
    if (!process.waitFor(MAX_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("script does not end: " + Files.readString(output));
    }
    return new Result(
        process.exitValue(), Files.readString(output), Files.readAllLines(folder.resolve("calls")));
  }
}
