package ticketing.ingress.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import ticketing.domain.Command;
import ticketing.domain.Reason;
import ticketing.domain.TicketStatus;
import ticketing.ingress.IngressFixture;
import tools.jackson.databind.JsonNode;

/// Statistics of the operations page over HTTP.
class SaleStatisticsTest {

  private final IngressFixture ingress = IngressFixture.shared();

  @Test
  void statisticsCountDecisionsAndBookings() {
    assertThat(ingress.get("/api/v1/operations/figures", ingress.token("buyer")).code())
        .isEqualTo("FORBIDDEN");
    long event = ingress.newEvent();
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> ingress.book(IngressFixture.newUser(), event, 1).status() == 202);
    List<Command> commands = ingress.drain();
    assertThat(commands).isNotEmpty();
    for (Command command : commands) {
      ingress.decide(command, TicketStatus.REJECTED, Reason.SOLD_OUT, null);
    }
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> {
          JsonNode report = ingress.get("/api/v1/operations/figures", ingress.admin()).json();
          assertThat(report.at("/rejects/SOLD_OUT").asDouble(0)).as(report.toString()).isPositive();
          assertThat(report.at("/decisions/REJECTED").asDouble(0)).isPositive();
          assertThat(report.at("/latency/p99").asLong(0)).isPositive();
        });
    // Every poll books again, because a rate covers 5 s and a heartbeat has a delay of 2 s.
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> {
          ingress.book(IngressFixture.newUser(), event, 1);
          ingress.book(IngressFixture.newUser(), event, 99);
          JsonNode report = ingress.get("/api/v1/operations/figures", ingress.admin()).json();
          assertThat(report.get("acceptedPerSecond").asDouble(0)).isPositive();
          assertThat(report.get("refusedPerSecond").asDouble(0)).isPositive();
          assertThat(report.get("ingresses").intValue()).isPositive();
        });
    ingress.drain();
  }
}
