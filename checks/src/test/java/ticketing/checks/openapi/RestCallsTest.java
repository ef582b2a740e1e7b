package ticketing.checks.openapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RestCallsTest {

  private static final Path ROOT = Path.of(System.getProperty("project.root")).normalize();
  private static final Path DOCUMENT = ROOT.resolve("ingress-api/src/main/resources/openapi.yaml");
  private static final Path PAGE = ROOT.resolve("docs/reference/rest-calls.md");

  @TempDir private Path folder;

  @Test
  void committedPageEqualsTheGeneratedPage() throws IOException {
    String page = RestCalls.generate(DOCUMENT);
    if (Boolean.getBoolean("rest.write")) {
      Files.writeString(PAGE, page);
    }
    assertThat(Files.readString(PAGE))
        .as("mvn -pl checks test -Drest.write=true rewrites docs/reference/rest-calls.md")
        .isEqualTo(page);
  }

  @Test
  void operationBecomesARow() throws IOException {
    assertThat(generate("      summary: Get a seat\n      security: []"))
        .endsWith(
            """
            ## Seats

            | call | authentication | result | errors | description |
            |---|---|---|---|---|
            | `GET /seats/{id}?page=` | none | 200, 304 | 404 | Get a seat. |
            """);
  }

  @Test
  void operationWithoutASummaryIsAnError() {
    assertThatThrownBy(() -> generate("      description: Reads"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("name=summary");
  }

  private String generate(String lines) throws IOException {
    String document =
        """
        tags:
          - name: Seats
        paths:
          /seats/{id}:
            parameters:
              - {name: id, in: path}
            get:
              tags: [Seats]
        %s
              parameters:
                - $ref: "#/components/parameters/Page"
              responses:
                "200": {description: The seat}
                "304": {description: Not modified}
                "404": {description: No such seat}
        components:
          parameters:
            Page: {name: page, in: query}
        """;
    return RestCalls.generate(
        Files.writeString(folder.resolve("api.yaml"), document.formatted(lines)));
  }
}
