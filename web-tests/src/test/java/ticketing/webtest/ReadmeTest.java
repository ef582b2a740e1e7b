package ticketing.webtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import ticketing.local.servers.ProjectRoot;

/// Compares the Korean README with the English one: sections, tables, commands, names and links are
/// the same.
class ReadmeTest {

  private static final Pattern HEADING = Pattern.compile("(#+) (.+)");
  private static final Pattern COMMENT = Pattern.compile("\\s+#.*");
  private static final Pattern NAME = Pattern.compile("`([^`]+)`");
  private static final Pattern LINK = Pattern.compile("]\\(([^)]+)\\)");

  /// A row with a figure, its baseline and their ratio.
  private static final Pattern FIGURES =
      Pattern.compile("\\|[^|]+\\|[^|]*\\d[^|]*\\|[^|]*\\|( |[ \\d.]+)\\|");

  private static final Pattern NUMBER = Pattern.compile("\\d[\\d,]*(?:\\.\\d+)?");
  private static final Pattern HANGUL = Pattern.compile("[가-힣]");

  private final Readme english = Readme.of("README.md");
  private final Readme korean = Readme.of("README.ko.md");

  /// @param names in running text and tables, in backquotes; by section, because languages order
  ///   words differently
  /// @param rows of tables
  private record Section(int level, String title, List<String> names, int rows) {}

  /// @param commands lines of indented blocks, without comments
  /// @param drawings number of lines of each fenced block
  private record Readme(
      List<Section> sections, List<String> commands, List<Integer> drawings, List<String> links) {

    static Readme of(String file) {
      List<Section> sections = new ArrayList<>();
      List<String> commands = new ArrayList<>();
      List<Integer> drawings = new ArrayList<>();
      List<String> links = new ArrayList<>();
      int drawing = -1;
      for (String line : lines(file)) {
        Matcher heading = HEADING.matcher(line);
        if (line.startsWith("```")) {
          if (drawing >= 0) {
            drawings.add(drawing);
          }
          drawing = drawing >= 0 ? -1 : 0;
        } else if (drawing >= 0) {
          drawing++;
        } else if (line.startsWith("    ")) {
          commands.add(COMMENT.matcher(line).replaceFirst("").strip());
        } else if (heading.matches()) {
          sections.add(
              new Section(heading.group(1).length(), heading.group(2), new ArrayList<>(), 0));
        } else if (!sections.isEmpty()) {
          Section last = sections.removeLast();
          NAME.matcher(line).results().map(found -> found.group(1)).forEach(last.names()::add);
          sections.add(
              new Section(
                  last.level(),
                  last.title(),
                  last.names(),
                  last.rows() + (line.startsWith("|") ? 1 : 0)));
        }
        LINK.matcher(line).results().map((MatchResult found) -> found.group(1)).forEach(links::add);
      }
      return new Readme(sections, commands, drawings, links);
    }

    private static List<String> lines(String file) {
      try {
        return Files.readAllLines(ProjectRoot.root().resolve(file));
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }

  @Test
  void sectionsAreTheSame() {
    assertThat(korean.sections())
        .extracting(Section::level)
        .isEqualTo(english.sections().stream().map(Section::level).toList());
    assertThat(english.sections()).hasSizeGreaterThan(5);
    for (int i = 0; i < english.sections().size(); i++) {
      Section here = english.sections().get(i);
      Section there = korean.sections().get(i);
      assertThat(there.rows()).as("rows of tables under " + here.title()).isEqualTo(here.rows());
      assertThat(there.names())
          .as("names under " + here.title())
          .containsExactlyInAnyOrderElementsOf(here.names());
    }
  }

  @Test
  void commandsAndDrawingsAreTheSame() {
    assertThat(korean.commands()).isEqualTo(english.commands()).contains("mvn -Prun", "mvn verify");
    assertThat(korean.drawings()).isEqualTo(english.drawings()).isNotEmpty();
  }

  /// Ignores the link from each README to the other.
  @Test
  void linksAreTheSame() {
    assertThat(without(korean.links(), "README.md"))
        .isEqualTo(without(english.links(), "README.ko.md"));
    assertThat(korean.links()).contains("README.md");
    assertThat(english.links()).contains("README.ko.md");
  }

  private static List<String> without(List<String> links, String one) {
    return links.stream().filter(link -> !link.equals(one)).toList();
  }

  @Test
  void koreanTitlesAreKorean() {
    assertThat(korean.sections().subList(1, korean.sections().size()))
        .allSatisfy(section -> assertThat(section.title()).containsPattern(HANGUL));
  }

  /// Each row of figures is copied from one row of the generated results.
  @Test
  void measuredFiguresAreThoseOfTheResults() throws IOException {
    List<Set<String>> results =
        Files.readAllLines(ProjectRoot.root().resolve("docs/benchmarks/results.md")).stream()
            .map(ReadmeTest::numbers)
            .toList();
    for (String file : List.of("README.md", "README.ko.md")) {
      List<String> rows =
          Readme.lines(file).stream().filter(line -> FIGURES.matcher(line).matches()).toList();
      assertThat(rows).as(file).hasSizeGreaterThan(3);
      for (String row : rows) {
        Set<String> figures = numbers(row.substring(row.indexOf('|', 1)));
        assertThat(results).as(row).anySatisfy(result -> assertThat(result).containsAll(figures));
      }
    }
  }

  private static Set<String> numbers(String line) {
    return NUMBER.matcher(line).results().map(MatchResult::group).collect(Collectors.toSet());
  }
}
