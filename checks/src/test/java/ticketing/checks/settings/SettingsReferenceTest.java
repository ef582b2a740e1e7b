package ticketing.checks.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsReferenceTest {

  private static final Path ROOT = Path.of(System.getProperty("project.root")).normalize();
  private static final Path PAGE = ROOT.resolve("docs/reference/settings.md");

  @TempDir private Path folder;

  @Test
  void committedPageEqualsTheGeneratedPage() throws IOException {
    String page = SettingsReference.generate(ROOT);
    if (Boolean.getBoolean("settings.write")) {
      Files.writeString(PAGE, page);
    }
    assertThat(Files.readString(PAGE))
        .as("mvn -pl checks test -Dsettings.write=true rewrites docs/reference/settings.md")
        .isEqualTo(page);
  }

  @Test
  void eachSettingHasADescription() throws IOException {
    assertThat(SettingsReference.generate(ROOT).lines().filter(row -> row.endsWith("|  |")))
        .isEmpty();
  }

  @Test
  void recordBecomesPropertiesWithRangesAndDefaults() throws IOException {
    Files.writeString(
        folder.resolve("LimitSettings.java"),
        """
        /// Limits.
        ///
        /// @param maxSize most entries of a batch
        ///   in one call
        /// @param wait longest wait
        /// @param user limit of a user
        @ConfigurationProperties("ticketing.limits")
        record LimitSettings(
            @Min(1) @Max(5_000) @DefaultValue("10") int maxSize,
            @DurationMin(millis = 100) @DefaultValue("2s") Duration wait,
            Rate user) {

          static final int IGNORED = 1;

          /// @param perSecond requests a second
          record Rate(@Positive int perSecond) {}
        }
        """);
    assertThat(SettingsRecordReader.read(folder))
        .singleElement()
        .satisfies(settings -> {
          assertThat(settings.prefix()).isEqualTo("ticketing.limits");
          assertThat(settings.properties())
              .containsExactly(
                  new SettingsRecord.Property(
                      "max-size",
                      "integer, 1 to 5000",
                      "10",
                      "most entries of a batch in one call"),
                  new SettingsRecord.Property(
                      "wait", "duration, at least 100 ms", "2s", "longest wait"),
                  new SettingsRecord.Property(
                      "user.per-second", "integer, above 0", "", "requests a second"));
        });
  }

  @Test
  void placeholderBecomesVariableAndDefault() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("application.yaml"),
            """
            server:
              port: ${TICKETING_PORT:8080}
              shutdown: graceful
              address: ${TICKETING_BIND_ADDRESS:${TICKETING_ADDRESS:0.0.0.0}}
            """);
    assertThat(YamlSettings.read(file))
        .containsExactly(
            Map.entry("server.port", new YamlSettings.Entry("TICKETING_PORT", "8080")),
            Map.entry(
                "server.address",
                new YamlSettings.Entry("TICKETING_BIND_ADDRESS", "${TICKETING_ADDRESS:0.0.0.0}")));
  }
}
