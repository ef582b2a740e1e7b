package ticketing.ingress.operations;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import ticketing.ingress.IngressFixture;
import tools.jackson.databind.JsonNode;

/// Simulated on-sale of the local profile.
class SaleSimulationTest {

  private final IngressFixture ingress = IngressFixture.shared();

  @Test
  void simulationRequiresAnAdministrator() {
    String path = "/api/v1/operations/simulation";
    assertThat(ingress.post(path, ingress.token("buyer"), null).code()).isEqualTo("FORBIDDEN");
    JsonNode state = ingress.get(path, ingress.admin()).json();
    assertThat(state.get("running").booleanValue()).isFalse();
    assertThat(state.get("eventId").isNull()).isTrue();
  }

  @Test
  void simulationExistsOnlyInTheLocalProfile() {
    try (AnnotationConfigApplicationContext cloud = new AnnotationConfigApplicationContext();
        AnnotationConfigApplicationContext local = new AnnotationConfigApplicationContext()) {
      local.getEnvironment().setActiveProfiles("local");
      for (AnnotationConfigApplicationContext context : List.of(cloud, local)) {
        context.register(SaleSimulation.class);
      }
      assertThat(cloud.containsBeanDefinition("saleSimulation")).isFalse();
      assertThat(local.containsBeanDefinition("saleSimulation")).isTrue();
    }
  }
}
