package ticketing.ingress.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import ticketing.local.servers.ProjectRoot;

/// The page of clients shows their sources as they are run. With `mvn -Pdocs` it is written anew.
class ClientsPageTest {

  private static final Path DOCS = ProjectRoot.root().resolve("docs");
  private static final Path PAGE = DOCS.resolve("how-to/write-a-client.md");
  private static final Pattern SOURCE =
      Pattern.compile("<!-- source: (\\S+) -->\n(```\\w+\n.*?\n```\n)?", Pattern.DOTALL);

  @Test
  void pageShowsEverySourceAsItIs() throws IOException {
    String page = Files.readString(PAGE);
    String now =
        SOURCE.matcher(page).replaceAll(found -> Matcher.quoteReplacement(shown(found.group(1))));
    if (Boolean.getBoolean("ticketing.docs.write")) {
      Files.writeString(PAGE, now);
    }
    List<String> shown = SOURCE.matcher(now).results().map(found -> found.group(1)).toList();

    assertThat(shown).containsExactlyInAnyOrderElementsOf(sources());
    assertThat(Files.readString(PAGE)).as("run `mvn -Pdocs` and commit").isEqualTo(now);
  }

  private static List<String> sources() throws IOException {
    try (Stream<Path> files = Files.walk(DOCS.resolve("clients"))) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> DOCS.relativize(file).toString().replace('\\', '/'))
          .toList();
    }
  }

  private static String shown(String source) {
    String language = source.split("/")[1];
    try {
      return "<!-- source: %s -->\n```%s\n%s```\n"
          .formatted(source, language, Files.readString(DOCS.resolve(source)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
