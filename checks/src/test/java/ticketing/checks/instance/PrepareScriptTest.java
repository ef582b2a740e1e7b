package ticketing.checks.instance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ticketing.checks.instance.InstanceScripts.Result;

/// The script that runs before each start of the container.
class PrepareScriptTest {

  private static final String READ = "aws secretsmanager get-secret-value";
  private static final String GOOD_SECRETS =
      "case $call in *secret:first*) echo one ;; *secret:second*) echo two ;; esac\n";

  @TempDir Path folder;

  @Test
  void everySecretIsReadFromItsRegion() throws Exception {
    InstanceScripts scripts = new InstanceScripts(folder, GOOD_SECRETS);
    Result result = scripts.run("prepare.sh");
    assertThat(result.exitCode()).as(result.output()).isZero();
    assertThat(scripts.secrets()).hasContent("FIRST=one\nSECOND=two\n");
    assertThat(Files.getPosixFilePermissions(scripts.secrets())).hasSize(2);
    assertThat(result.count(READ + " --region us-east-1")).isEqualTo(1);
    assertThat(result.count("docker pull --quiet registry/service:1")).isEqualTo(1);
  }

  @Test
  void logStreamHasTheInstanceId() throws Exception {
    InstanceScripts scripts =
        new InstanceScripts(
            folder,
            GOOD_SECRETS
                + "case $call in *api/token) echo token ;; *token:\\ token*instance-id) echo i-7 ;; esac\n");
    assertThat(scripts.run("prepare.sh").exitCode()).isZero();
    assertThat(folder.resolve("run/instance")).hasContent("INSTANCE_ID=i-7\n");
  }

  @Test
  void logStreamHasTheHostNameWithoutMetadata() throws Exception {
    InstanceScripts scripts =
        new InstanceScripts(folder, "[[ $call == curl* ]] && exit 22\n" + GOOD_SECRETS);
    assertThat(scripts.run("prepare.sh").exitCode()).isZero();
    assertThat(folder.resolve("run/instance")).content().matches("INSTANCE_ID=.+\\n");
  }

  @Test
  void unreadableSecretFailsAfterRetries() throws Exception {
    InstanceScripts scripts =
        new InstanceScripts(
            folder,
            "case $call in *secret:first*) echo one ;; *secret:second*) exit 254 ;; esac\n");
    Result result = scripts.run("prepare.sh");
    assertThat(result.exitCode()).isNotZero();
    assertThat(result.output()).contains("cannot read secret, secret=arn");
    assertThat(result.count("secret:second")).isEqualTo(5);
    assertThat(scripts.secrets()).doesNotExist();
  }

  @Test
  void secretIsReadAfterATransientFailure() throws Exception {
    InstanceScripts scripts =
        new InstanceScripts(
            folder, "[[ $call == *secret:second* && $count -lt 3 ]] && exit 254\n" + GOOD_SECRETS);
    assertThat(scripts.run("prepare.sh").exitCode()).isZero();
    assertThat(scripts.secrets()).hasContent("FIRST=one\nSECOND=two\n");
  }

  @Test
  void emptyOrMultilineSecretFails() throws Exception {
    for (String answer : new String[] {"true", "echo None", "printf 'a\\nb'"}) {
      Path own = Files.createTempDirectory(folder, "secret");
      InstanceScripts scripts =
          new InstanceScripts(own, "[[ $call == *get-secret-value* ]] && " + answer + "\n");
      assertThat(scripts.run("prepare.sh").exitCode()).as(answer).isNotZero();
      assertThat(scripts.secrets()).doesNotExist();
    }
  }

  @Test
  void localImageIsSufficientWithoutTheRegistry() throws Exception {
    InstanceScripts scripts =
        new InstanceScripts(
            folder, "[[ $call == 'aws ecr'* || $call == *pull* ]] && exit 1\n" + GOOD_SECRETS);
    assertThat(scripts.run("prepare.sh").exitCode()).isZero();
  }

  @Test
  void startFailsWithoutAnyImage() throws Exception {
    InstanceScripts scripts =
        new InstanceScripts(
            folder, "[[ $call == 'aws ecr'* || $call == docker* ]] && exit 1\n" + GOOD_SECRETS);
    Result result = scripts.run("prepare.sh");
    assertThat(result.exitCode()).isNotZero();
    assertThat(result.output()).contains("no image, image=registry/service:1");
  }
}
