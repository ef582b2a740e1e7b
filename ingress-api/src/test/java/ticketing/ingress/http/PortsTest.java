package ticketing.ingress.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.RawHttpClient;

/// Paths of the public port and of the management port.
class PortsTest {

  private final IngressFixture ingress = IngressFixture.shared();

  @Test
  void publicPortServesProbesAndNoActuator() {
    for (String path : List.of("/livez", "/readyz")) {
      IngressFixture.Answer answer = ingress.get(path, null);
      assertThat(answer.status()).as(path).isEqualTo(200);
      assertThat(answer.body()).isEqualTo("{\"status\":\"UP\"}");
    }
    for (String path :
        List.of(
            "/actuator",
            "/actuator/health",
            "/actuator/health/liveness",
            "/actuator/prometheus",
            "/actuator/env")) {
      IngressFixture.Answer answer = ingress.get(path, ingress.admin());
      assertThat(answer.status()).as(path).isEqualTo(404);
      assertThat(answer.code()).isEqualTo("NOT_FOUND");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {",", ",,,"})
  void probeRefusesAnInvalidAccept(String accept) {
    RawHttpClient.Answer answer =
        RawHttpClient.send(ingress.port, "GET", "/livez", List.of("Accept: " + accept), null);
    assertThat(answer.status()).isEqualTo(406);
    assertThat(answer.code()).isEqualTo("NOT_ACCEPTABLE");
  }

  @Test
  void managementPortServesOnlyHealthAndMetrics() {
    for (String path :
        List.of(
            "/actuator/health",
            "/actuator/health/liveness",
            "/actuator/health/readiness",
            "/actuator/prometheus")) {
      assertThat(getFromManagementPort(path).status()).as(path).isEqualTo(200);
    }
    for (String path : List.of("/actuator/env", "/actuator/beans", "/api/v1/events")) {
      assertThat(getFromManagementPort(path).status()).as(path).isEqualTo(404);
    }
    ingress.get("/api/v1/events", null);
    assertThat(getFromManagementPort("/actuator/prometheus").body())
        .contains("http_server_requests_seconds");
  }

  private IngressFixture.Answer getFromManagementPort(String path) {
    return ingress.sendTo(ingress.managementPort(), "GET", path, null, null);
  }
}
