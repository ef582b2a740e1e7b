package ticketing.tracing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;

class TracingEnvironmentPostProcessorTest {

  private static final String ENABLED = "management.opentelemetry.enabled";

  @Test
  void tracingIsDisabledWithoutAnEndpoint() {
    assertThat(with(Map.of()).getProperty(ENABLED)).isEqualTo("false");
    assertThat(with(Map.of("TICKETING_TRACES_ENDPOINT", " ")).getProperty(ENABLED))
        .isEqualTo("false");
  }

  @Test
  void endpointEnablesTracing() {
    StandardEnvironment on =
        with(Map.of("TICKETING_TRACES_ENDPOINT", "http://collector/v1/traces"));
    assertThat(on.getProperty(ENABLED)).isEqualTo("true");
    assertThat(on.getProperty("management.opentelemetry.tracing.export.otlp.endpoint"))
        .isEqualTo("http://collector/v1/traces");
    assertThat(with(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector")).getProperty(ENABLED))
        .isEqualTo("true");
  }

  @Test
  void explicitPropertyTakesPrecedence() {
    assertThat(
            with(Map.of("TICKETING_TRACES_ENDPOINT", "http://collector", ENABLED, "false"))
                .getProperty(ENABLED))
        .isEqualTo("false");
  }

  private static StandardEnvironment with(Map<String, Object> settings) {
    StandardEnvironment environment = new StandardEnvironment();
    environment.getPropertySources().addFirst(new MapPropertySource("test", settings));
    new TracingEnvironmentPostProcessor().postProcessEnvironment(environment, null);
    return environment;
  }
}
