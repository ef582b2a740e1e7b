package ticketing.checks.prose;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProseCheckTest {

  private static final String LONG_SENTENCE = "word ".repeat(41) + "end.";

  @TempDir private Path root;

  @Test
  void projectKeepsEachRule() throws IOException {
    ProseReport report = ProseCheck.check(Path.of(System.getProperty("project.root")).normalize());
    System.out.println(report);
    assertThat(report.words()).isGreaterThan(10_000);
    assertThat(report.comments()).isGreaterThan(500);
    assertThat(report.testNames()).isGreaterThan(100);
    assertThat(String.join("\n", report.violations())).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "A.java          | // The server knows nothing.",
        "B.java          | /// The queue asks the worker.",
        "C.java          | int a; /* The lock lies in Redis. */",
        "app.js          | // Nobody reads this.",
        "style.css       | /* The button comes first. */",
        "rules.yaml      | key: value # The process waits.",
        "script.lua      | -- Redis says no.",
        "V1.sql          | create table a (b int); -- The row is given back.",
        "main.tf         | # The alarm hears the queue.",
        "variables.tf    | description = \"Seconds that a worker waits\"",
        "pom.xml         | <!-- The plugin does so at once. -->",
        "run.sh          | # The script goes away.",
        "cost.py         | # Beside the price.",
        "page.md         | A writer stands aside.",
      })
  void storyWordIsFoundInEachFileType(String file, String text) throws IOException {
    ProseReport report = check(file, text);
    assertThat(report.isBroken(Rule.STORY_WORD)).isTrue();
    assertThat(report.violations()).singleElement().asString().startsWith(file + ":1: STORY_WORD");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "A.java  | String a = \"// nobody\"; // A value.",
        "B.java  | String a = \"\"\" nobody \"\"\"; // A value.",
        "C.java  | // The field `nothing`.",
        "app.js  | const a = 'nobody'; // A value.",
        "a.yaml  | key: nobody # A value.",
        "page.md | The field `nothing`.",
      })
  void codeIsNotProse(String file, String text) throws IOException {
    assertThat(check(file, text).violations()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"A.java, // ", "main.tf, # ", "page.md, ''", "V1.sql, -- "})
  void longSentenceBreaksItsRule(String file, String marker) throws IOException {
    ProseReport report = check(file, "\n" + marker + LONG_SENTENCE);
    assertThat(report.violations())
        .singleElement()
        .asString()
        .startsWith(file + ":2: LONG_SENTENCE: 42 words");
  }

  @Test
  void sentenceOverTwoLinesIsCountedWhole() throws IOException {
    ProseReport report =
        check("A.java", "/// " + LONG_SENTENCE.replace("word word", "word\n/// word"));
    assertThat(report.isBroken(Rule.LONG_SENTENCE)).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"What", "Who", "Whose", "Whether", "Where", "How", "Of", "of", "Nothing"})
  void openingBreaksItsRule(String opening) throws IOException {
    ProseReport report = check("A.java", "class A {}\n\n// " + opening + " a value.");
    assertThat(report.violations()).contains("A.java:3: OPENING: " + opening + " a value.");
  }

  @Test
  void findingsBelowTheLimitAreAccepted() throws IOException {
    Files.writeString(root.resolve("page.md"), "Word. ".repeat(2000) + "Nobody.");
    assertThat(ProseCheck.check(root).violations()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "oneTwoThreeFourFiveSixSevenEightNine",
    "answersAtOnce",
    "nobodyBooks",
  })
  void testNameBreaksItsRule(String name) throws IOException {
    assertThat(check("ATest.java", "\n@Test\nvoid " + name + "() {}").violations())
        .singleElement()
        .asString()
        .startsWith("ATest.java:3: TEST_NAME")
        .endsWith(name);
    String run = name.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    Files.delete(root.resolve("ATest.java"));
    assertThat(check("a.tftest.hcl", "run \"" + run + "\" {}").isBroken(Rule.TEST_NAME)).isTrue();
  }

  @Test
  void docsHaveAtMostEighteenThousandWords() throws IOException {
    Files.createDirectories(root.resolve("docs/reference"));
    String words = "Word. ".repeat(18_000);
    assertThat(check("docs/page.md", words).isBroken(Rule.DOCS_SIZE)).isTrue();
    Files.delete(root.resolve("docs/page.md"));
    assertThat(check("docs/reference/settings.md", "<!-- Generated. -->\n" + words).words())
        .isZero();
  }

  @Test
  void translationsAndFixturesAreSkipped() throws IOException {
    Files.createDirectories(root.resolve("fixture"));
    assertThat(check("fixture/A.java", "// Nobody.").violations()).isEmpty();
    assertThat(check("README.ko.md", "Nobody.").violations()).isEmpty();
  }

  private ProseReport check(String file, String text) throws IOException {
    Files.writeString(root.resolve(file), text);
    return ProseCheck.check(root);
  }
}
