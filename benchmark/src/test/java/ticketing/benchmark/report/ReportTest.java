package ticketing.benchmark.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import ticketing.local.servers.ProjectRoot;

class ReportTest {

  private static final Path FOLDER = ProjectRoot.root().resolve("docs").resolve("measurements");

  @Test
  void theResultsSayWhatTheFilesOfThePartsSay() throws IOException {
    Map<String, String> files = Report.of(FOLDER).files();
    for (Map.Entry<String, String> file : files.entrySet()) {
      assertThat(Files.readString(FOLDER.resolve(file.getKey())))
          .as(file.getKey() + ": mvn -Pbenchmark -Dbenchmark.parts=report writes it")
          .isEqualTo(file.getValue());
    }
  }
}
