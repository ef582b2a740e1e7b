package ticketing.ingress.page;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import ticketing.ingress.IngressFixture;
import tools.jackson.databind.JsonNode;

/// Static pages, their headers and the data that they load.
class StaticPageTest {

  private static final String POLICY = "Content-Security-Policy";

  private final IngressFixture ingress = IngressFixture.shared();

  @Test
  void pagesAllowOnlyOwnFilesAndTheNotifier() {
    for (String page : new String[] {"/", "/operations"}) {
      IngressFixture.Answer answer = ingress.get(page, null);
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.header(POLICY))
          .startsWith("default-src 'none'; script-src 'self'; style-src 'self';")
          .contains("connect-src 'self' ws://127.0.0.1:8081;")
          .doesNotContain("unsafe");
      assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
      assertThat(answer.header("X-Frame-Options")).isEqualTo("DENY");
      assertThat(answer.header("Referrer-Policy")).isEqualTo("same-origin");
      assertThat(answer.body()).doesNotContain("<style", "style=", "onclick");
      assertThat(answer.body()).doesNotContainPattern("<script(?![^>]* src=)");
      assertThat(answer.body()).doesNotContain("http://", "https://");
    }
  }

  @Test
  void apiResponsesLoadNoContentInABrowser() {
    assertThat(ingress.get("/api/v1/events", null).header(POLICY))
        .isEqualTo("default-src 'none'; frame-ancestors 'none'");
    assertThat(ingress.get("/api/v1/operations/figures", null).header(POLICY))
        .isEqualTo("default-src 'none'; frame-ancestors 'none'");
  }

  @Test
  void unchangedFileIsNotModified() {
    IngressFixture.Answer response = ingress.get("/app/style.css", null);
    assertThat(response.header("Cache-Control")).isEqualTo("no-cache");
    assertThat(response.header("Last-Modified")).isNull();
    assertThat(
            ingress.get("/app/style.css", null, "If-None-Match", response.header("ETag")).status())
        .isEqualTo(304);
  }

  @Test
  void configContainsTheNotifierUrl() {
    JsonNode config = ingress.get("/config.json", null).json();
    assertThat(config.get("notifierUrl").asString()).isEqualTo("ws://127.0.0.1:8081");
    assertThat(config.get("currency").asString()).isEqualTo("KRW");
    assertThat(config.get("local").booleanValue()).isTrue();
  }

  @Test
  void chartLibraryIsServedWithoutVersionInPath() {
    assertThat(ingress.get("/webjars/uplot/dist/uPlot.esm.js", null).body()).contains("uPlot");
  }
}
