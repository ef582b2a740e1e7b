package ticketing.domain;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import ticketing.local.servers.ProjectRoot;

/// Every source file of the checkout is as google-java-format writes it. `mvn -Pformat` writes
/// those that are not. A test, because the formatter needs the JDK that the sources are for, and
/// that is the tests' and not Maven's.
class SourceFormatTest {

  private static final boolean REWRITE = Boolean.getBoolean("ticketing.format.rewrite");

  @Test
  void everySourceFileIsFormatted() throws IOException, FormatterException {
    List<Path> sources = sources(ProjectRoot.root());
    assertThat(sources).hasSizeGreaterThan(100);
    List<Path> different = new ArrayList<>();
    for (Path source : sources) {
      String text = Files.readString(source);
      String formatted = new Formatter().formatSourceAndFixImports(text);
      if (!formatted.equals(text)) {
        different.add(source);
        if (REWRITE) {
          Files.writeString(source, formatted);
        }
      }
    }
    if (!REWRITE) {
      assertThat(different).as("run mvn -Pformat").isEmpty();
    }
  }

  private static List<Path> sources(Path root) throws IOException {
    List<Path> sources = new ArrayList<>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            String name = folder.getFileName().toString();
            boolean ours =
                folder.equals(root)
                    || !name.startsWith(".") && !name.equals("target") && !name.equals("docs");
            return ours ? FileVisitResult.CONTINUE : FileVisitResult.SKIP_SUBTREE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.toString().endsWith(".java")) {
              sources.add(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return sources;
  }
}
