package ticketing.ingress.page;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import ticketing.domain.Json;
import ticketing.ingress.IngressFixture;
import tools.jackson.databind.JsonNode;

/// Static pages, their headers and the data that they load.
class StaticPageTest {

  private static final Pattern SCRIPT = Pattern.compile("src=\"(/app/[0-9a-f]{16}/buyer.js)\"");
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
    assertThat(config.at("/legal/operator").asString()).isEmpty();
  }

  @Test
  void chartLibraryIsServedWithoutVersionInPath() {
    assertThat(ingress.get("/webjars/uplot/dist/uPlot.esm.js", null).body()).contains("uPlot");
  }

  @Test
  void hashedFilesAreImmutable() {
    IngressFixture.Answer page = ingress.get("/", null);
    Matcher script = SCRIPT.matcher(page.body());
    assertThat(script.find()).isTrue();
    IngressFixture.Answer file = ingress.get(script.group(1), null);
    assertThat(file.status()).isEqualTo(200);
    assertThat(file.header("Cache-Control")).isEqualTo("max-age=31536000, public, immutable");
    assertThat(page.header("Cache-Control")).isEqualTo("no-cache");
    assertThat(page.body()).contains("rel=\"modulepreload\"");
    // Another version, during a rolling deployment.
    IngressFixture.Answer other = ingress.get("/app/0123456789abcdef/buyer.js", null);
    assertThat(other.status()).isEqualTo(200);
    assertThat(other.header("Cache-Control")).isEqualTo("no-store");
  }

  /// Addresses in their order in the page.
  private static Set<String> linked(String page, String rel) {
    return Pattern.compile("<link rel=\"" + rel + "\"[^>]* href=\"([^\"]+)\"")
        .matcher(page)
        .results()
        .map(match -> match.group(1))
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /// A script that is not preloaded costs a further round trip.
  @Test
  void pagesPreloadAllImportsOfTheirViews() {
    long event = ingress.newEvent();
    String page =
        await()
            .atMost(Duration.ofSeconds(30))
            .until(
                () -> ingress.get("/events/" + event, null).body(),
                body -> body.contains("og:title"));
    for (String body :
        List.of(
            page,
            ingress.get("/", null).body(),
            ingress.get("/reservations", null).body(),
            ingress.get("/operations", null).body())) {
      Set<String> preloaded = linked(body, "modulepreload");
      for (String script : preloaded) {
        String folder = script.substring(0, script.lastIndexOf('/') + 1);
        Pattern.compile("^(?:import|export)\\s[^;]*?from '\\./([^']+)';", Pattern.MULTILINE)
            .matcher(ingress.get(script, null).body())
            .results()
            .map(match -> folder + match.group(1))
            .forEach(imported -> assertThat(preloaded).as(script).contains(imported));
      }
      assertThat(linked(body, "preload")).anyMatch(path -> path.endsWith("/en.json"));
      assertThat(preloaded)
          .extracting(script -> ingress.get(script, null).body().getBytes(UTF_8).length)
          .isSortedAccordingTo(Comparator.reverseOrder());
    }
    assertThat(linked(page, "modulepreload"))
        .anyMatch(path -> path.endsWith("/choice.js"))
        .noneMatch(path -> path.endsWith("/eventlist.js"))
        .noneMatch(path -> path.endsWith("/tray.js"));
    assertThat(linked(ingress.get("/", null).body(), "modulepreload"))
        .anyMatch(path -> path.endsWith("/eventlist.js"));
  }

  @Test
  void unknownAddressGetsHtmlOrProblem() {
    for (String path : new String[] {"/nowhere", "/events/999999999"}) {
      // A slow read of an event is answered with 200 and without data.
      IngressFixture.Answer page =
          await()
              .atMost(Duration.ofSeconds(30))
              .until(
                  () -> ingress.get(path, null, "Accept", "text/html,*/*;q=0.8"),
                  answer -> answer.status() == 404);
      assertThat(page.header("Content-Type")).startsWith("text/html");
      assertThat(page.body()).contains("This page does not exist");
    }
    IngressFixture.Answer problem = ingress.get("/nowhere", null);
    assertThat(problem.status()).isEqualTo(404);
    assertThat(problem.json().get("code").asString()).isEqualTo("NOT_FOUND");
    assertThat(ingress.get("/api/v1/nowhere", null, "Accept", "text/html").header("Content-Type"))
        .doesNotStartWith("text/html");
  }

  @Test
  void serverTimeIsNotCached() {
    long before = System.currentTimeMillis();
    IngressFixture.Answer time = ingress.get("/time.json", null);
    assertThat(time.header("Cache-Control")).isEqualTo("no-store");
    assertThat(time.json().get("now").longValue())
        .isBetween(before - 1, System.currentTimeMillis() + 1);
  }

  @Test
  void eventPageHasTitleAndStructuredData() {
    String event = IngressFixture.event("").replace("Concert", "Rock <script>&\\\"");
    long id =
        ingress.post("/api/v1/events", ingress.admin(), event).json().get("eventId").longValue();
    IngressFixture.Answer page =
        await()
            .atMost(Duration.ofSeconds(30))
            .until(
                () -> ingress.get("/events/" + id, null, "Accept-Language", "ko-KR,ko;q=0.9"),
                answer -> answer.body().contains("og:title"));
    assertThat(page.status()).isEqualTo(200);
    assertThat(page.header("Vary")).containsIgnoringCase("Accept-Language");
    assertThat(page.body())
        .contains("<html lang=\"ko\">")
        .contains("<title>Rock &lt;script&gt;&amp;&quot; · Ticketing</title>")
        .contains("<meta property=\"og:title\" content=\"Rock &lt;script&gt;&amp;&quot;\">")
        .contains("2030년 12월 24일")
        .contains("(대한민국 표준시)")
        .doesNotContain("Rock <script>");
    String data =
        page.body().split("<script type=\"application/ld\\+json\">")[1].split("</script>")[0];
    JsonNode json = Json.INTERNAL.readTree(data);
    assertThat(json.get("@type").asString()).isEqualTo("Event");
    assertThat(json.get("startDate").asString()).isEqualTo("2030-12-24T10:00:00Z");
    assertThat(json.get("url").asString()).endsWith("/events/" + id);
    assertThat(json.at("/offers/0/price").asString()).isEqualTo("150000.00");
  }
}
