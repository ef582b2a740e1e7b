package ticketing.ingress.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import ticketing.domain.Command;
import ticketing.domain.Reason;
import ticketing.domain.TicketStatus;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.operations.SaleSimulation;
import tools.jackson.databind.JsonNode;

class StaticPageTest {

  private static final String POLICY = "Content-Security-Policy";

  private final IngressFixture ingress = IngressFixture.shared();

  @Test
  void bothPagesAllowOnlyTheirOwnFilesAndTheNotifier() {
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
  void anApiAnswerMayDoNothingInABrowser() {
    assertThat(ingress.get("/api/v1/events", null).header(POLICY))
        .isEqualTo("default-src 'none'; frame-ancestors 'none'");
    assertThat(ingress.get("/api/v1/operations/figures", null).header(POLICY))
        .isEqualTo("default-src 'none'; frame-ancestors 'none'");
  }

  @Test
  void anUnchangedFileIsNotSentAgain() {
    IngressFixture.Answer first = ingress.get("/app/style.css", null);
    assertThat(first.header("Cache-Control")).isEqualTo("no-cache");
    assertThat(first.header("Last-Modified")).isNull();
    assertThat(ingress.get("/app/style.css", null, "If-None-Match", first.header("ETag")).status())
        .isEqualTo(304);
    for (String path : new String[] {"/", "/app/style.css"}) {
      IngressFixture.Answer any = ingress.get(path, null, "If-None-Match", "*");
      assertThat(any.status()).as(path).isEqualTo(304);
      assertThat(any.body()).isEmpty();
    }
  }

  @Test
  void thePageIsToldWhereTheNotifierIs() {
    JsonNode config = ingress.get("/config.json", null).json();
    assertThat(config.get("notifierUrl").asString()).isEqualTo("ws://127.0.0.1:8081");
    assertThat(config.get("currency").asString()).isEqualTo("KRW");
    assertThat(config.get("local").booleanValue()).isTrue();
  }

  @Test
  void chartsComeFromAWebJarWithoutAVersionInThePage() {
    assertThat(ingress.get("/webjars/uplot/dist/uPlot.esm.js", null).body()).contains("uPlot");
  }

  @Test
  void figuresCountWhatIsDecidedAndWhoComes() {
    assertThat(ingress.get("/api/v1/operations/figures", ingress.token("buyer")).code())
        .isEqualTo("FORBIDDEN");
    long event = ingress.newEvent();
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> ingress.book(IngressFixture.newUser(), event, 1).status() == 202);
    for (Command command : ingress.drain()) {
      ingress.decide(command, TicketStatus.REJECTED, Reason.SOLD_OUT, null);
    }
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () -> {
              JsonNode now = ingress.get("/api/v1/operations/figures", ingress.admin()).json();
              assertThat(now.at("/rejects/SOLD_OUT").asDouble(0)).isPositive();
              assertThat(now.at("/decisions/REJECTED").asDouble(0)).isPositive();
              assertThat(now.at("/latency/p99").asLong(0)).isPositive();
            });
    // Doors are told of by heartbeats; every look books once more, so that there is a last second.
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () -> {
              ingress.book(IngressFixture.newUser(), event, 1);
              ingress.book(IngressFixture.newUser(), event, 99);
              JsonNode now = ingress.get("/api/v1/operations/figures", ingress.admin()).json();
              assertThat(now.get("acceptedPerSecond").asDouble(0)).isPositive();
              assertThat(now.get("refusedPerSecond").asDouble(0)).isPositive();
              assertThat(now.get("ingresses").intValue()).isPositive();
            });
    ingress.drain();
  }

  @Test
  void theSimulationIsForAdministrators() {
    String path = "/api/v1/operations/simulation";
    assertThat(ingress.post(path, ingress.token("buyer"), null).code()).isEqualTo("FORBIDDEN");
    JsonNode none = ingress.get(path, ingress.admin()).json();
    assertThat(none.get("running").booleanValue()).isFalse();
    assertThat(none.get("eventId").isNull()).isTrue();
  }

  @Test
  void theSimulationIsThereInTheLocalProfileOnly() {
    try (AnnotationConfigApplicationContext cloud = new AnnotationConfigApplicationContext();
        AnnotationConfigApplicationContext local = new AnnotationConfigApplicationContext()) {
      local.getEnvironment().setActiveProfiles("local");
      for (AnnotationConfigApplicationContext context : List.of(cloud, local)) {
        context.register(SaleSimulation.class);
      }
      assertThat(cloud.containsBeanDefinition("simulation")).isFalse();
      assertThat(local.containsBeanDefinition("simulation")).isTrue();
    }
  }
}
