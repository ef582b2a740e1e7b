package ticketing.checks.openapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ErrorCodesTest {

  private static final Path ROOT = Path.of(System.getProperty("project.root")).normalize();
  private static final Path DOCUMENT = ROOT.resolve("ingress-api/src/main/resources/openapi.yaml");
  private static final Path PAGE = ROOT.resolve("docs/reference/error-codes.md");

  @TempDir private Path folder;

  @Test
  void committedPageEqualsTheGeneratedPage() throws IOException {
    String page = ErrorCodes.generate(DOCUMENT);
    if (Boolean.getBoolean("rest.write")) {
      Files.writeString(PAGE, page);
    }
    assertThat(Files.readString(PAGE))
        .as("mvn -pl checks test -Drest.write=true rewrites docs/reference/error-codes.md")
        .isEqualTo(page);
  }

  @Test
  void codeBecomesARow() throws IOException {
    assertThat(generate("status: 409"))
        .contains("| `SOLD_OUT` | 409 | No seat. | Inform the user. |\n")
        .endsWith("| `GAVE_UP` | Not decided. | Book again. |\n");
  }

  @Test
  void codeWithoutAStatusIsAnError() {
    assertThatThrownBy(() -> generate("note: none"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("name=status");
  }

  private String generate(String line) throws IOException {
    String document =
        """
        components:
          schemas:
            ErrorCode:
              x-codes:
                SOLD_OUT:
                  %s
                  meaning: No seat.
                  action: Inform the user.
            Reason:
              x-codes:
                GAVE_UP:
                  meaning: Not decided.
                  action: Book again.
        """;
    return ErrorCodes.generate(
        Files.writeString(folder.resolve("api.yaml"), document.formatted(line)));
  }
}
