package ticketing.benchmark.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ticketing.benchmark.report.Measurement.Row;
import ticketing.local.servers.ProjectRoot;

class ReportTest {

  private static final Path FOLDER = ProjectRoot.root().resolve("docs/benchmarks");

  @Test
  void committedPageMatchesTheJsonFiles() throws IOException {
    assertThat(Files.readString(FOLDER.resolve(ResultsPage.FILE)))
        .as("mvn -Pbenchmark -Dbenchmark.parts=report writes it")
        .isEqualTo(ResultsPage.of(FOLDER).markdown());
  }

  @Test
  void pageContainsValueBaselineRatioAndTarget(@TempDir Path folder) throws IOException {
    Measurement.of("example", "mvn example")
        .with(Row.of("rate", 1_234.56, "1/s").withBaseline("naive", 1_235).withMinRatio(20))
        .write(folder);

    assertThat(ResultsPage.of(folder).markdown())
        .contains("## example", "`mvn example`")
        .contains("| rate | 1,235 1/s | naive | 1,235 1/s | 1 | ratio >= 20 | no |  |");
  }
}
