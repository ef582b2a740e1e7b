package ticketing.checks.links;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Relative links of all Markdown files: the target exists and, for a fragment, has that heading.
class MarkdownLinksTest {

  private static final Pattern FENCE = Pattern.compile("(?ms)^\\s*```.*?^\\s*```\\s*$");
  private static final Pattern LINK =
      Pattern.compile("]\\(([^)\\s]+)\\)|(?:src|href)=\"([^\"]+)\"");
  private static final Pattern ABSOLUTE = Pattern.compile("[a-z][a-z0-9+.-]*:.*");
  private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6} +(.+?) *$");
  private static final Set<String> SKIPPED_FOLDERS = Set.of("target", ".git", "node_modules");

  @Test
  void relativeLinksLeadToFilesAndHeadings() throws IOException {
    List<Path> pages = pages(Path.of(System.getProperty("project.root")).normalize());

    assertThat(pages).hasSizeGreaterThan(20);
    assertThat(brokenLinks(pages)).isEmpty();
  }

  @Test
  void brokenLinksAreFound(@TempDir Path folder) throws IOException {
    Files.createDirectories(folder.resolve("a"));
    Files.writeString(
        folder.resolve("a/one.md"),
        """
        # One
        [file](two.md) [parent](../three.md#the-second-heading) [self](#one) [web](https://example.com)
        [missing](four.md) [missing heading](two.md#two) [missing self](#none)
        <img src="missing.png">

        ```
        [code](five.md)
        ```
        """);
    Files.writeString(folder.resolve("a/two.md"), "text without a heading\n");
    Files.writeString(folder.resolve("three.md"), "# Three\n\n## The `second` heading\n");

    assertThat(brokenLinks(pages(folder)))
        .containsExactlyInAnyOrder(
            "one.md: four.md", "one.md: two.md#two", "one.md: #none", "one.md: missing.png");
  }

  private static List<Path> pages(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .filter(file -> file.toString().endsWith(".md"))
          .filter(file -> isTracked(root.relativize(file)))
          .sorted()
          .toList();
    }
  }

  private static boolean isTracked(Path file) {
    for (Path part : file) {
      if (SKIPPED_FOLDERS.contains(part.toString())) {
        return false;
      }
    }
    return true;
  }

  private static List<String> brokenLinks(List<Path> pages) throws IOException {
    List<String> broken = new ArrayList<>();
    for (Path page : pages) {
      for (String link : links(page)) {
        if (!ABSOLUTE.matcher(link).matches() && !leadsSomewhere(page, link)) {
          broken.add(page.getFileName() + ": " + link);
        }
      }
    }
    return broken;
  }

  private static List<String> links(Path page) throws IOException {
    return LINK.matcher(text(page))
        .results()
        .map((MatchResult link) -> link.group(1) == null ? link.group(2) : link.group(1))
        .toList();
  }

  private static boolean leadsSomewhere(Path page, String link) throws IOException {
    int hash = link.indexOf('#');
    String file = hash < 0 ? link : link.substring(0, hash);
    Path target = file.isEmpty() ? page : page.resolveSibling(file).normalize();
    return Files.exists(target)
        && (hash < 0 || headings(target).contains(link.substring(hash + 1)));
  }

  /// Fragments of the headings as GitHub derives them; repeated headings are not distinguished.
  private static Set<String> headings(Path page) throws IOException {
    Set<String> headings = new HashSet<>();
    HEADING
        .matcher(text(page))
        .results()
        .map(heading -> heading.group(1).toLowerCase(Locale.ROOT))
        .map(heading -> heading.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'))
        .forEach(headings::add);
    return headings;
  }

  private static String text(Path page) throws IOException {
    return FENCE.matcher(Files.readString(page)).replaceAll("");
  }
}
