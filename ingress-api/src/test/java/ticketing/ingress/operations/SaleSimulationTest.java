package ticketing.ingress.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import ticketing.domain.Command;
import ticketing.ingress.IngressFixture;
import tools.jackson.databind.JsonNode;

/// Simulated on-sale of the local profile.
class SaleSimulationTest {

  private static final String PATH = "/api/v1/operations/simulation";
  private static final int BUYERS = 20;

  private final IngressFixture ingress = IngressFixture.shared();

  @Test
  void simulationRequiresAnAdministrator() {
    assertThat(ingress.post(PATH, ingress.token("buyer"), null).code()).isEqualTo("FORBIDDEN");
    JsonNode state = ingress.get(PATH, ingress.admin()).json();
    assertThat(state.get("running").booleanValue()).isFalse();
    assertThat(state.get("eventId").isNull()).isTrue();
  }

  @Test
  void everySimulationSendsOneBookingOfEachBuyer() {
    Map<String, String> settings =
        Map.of(
            "ticketing.simulation.buyers", String.valueOf(BUYERS),
            "ticketing.simulation.connections", "4",
            "ticketing.simulation.arrival", "200ms");
    ingress.drain();
    try (IngressFixture sibling = ingress.sibling(settings)) {
      for (int run = 0; run < 2; run++) {
        long event = sibling.post(PATH, sibling.admin(), null).json().get("eventId").longValue();
        await()
            .until(() -> !sibling.get(PATH, sibling.admin()).json().get("running").booleanValue());
        JsonNode state = sibling.get(PATH, sibling.admin()).json();
        assertThat(state.get("accepted").intValue()).isEqualTo(BUYERS);
        assertThat(state.get("refused").intValue()).isZero();
        assertThat(state.get("failed").intValue()).isZero();
        List<Command> commands = ingress.drain();
        assertThat(commands).extracting(Command::eventId).hasSize(BUYERS).containsOnly(event);
        assertThat(commands).extracting(Command::userId).doesNotHaveDuplicates();
      }
    }
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
