package ticketing.tracing;

import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.util.StringUtils;

/// Traces are on where somebody says where to send them, and otherwise off altogether: no spans are
/// made, not even ones that nobody exports.
public final class TracingEnvironmentPostProcessor implements EnvironmentPostProcessor {

  private static final String ENDPOINT = "TICKETING_TRACES_ENDPOINT";
  private static final String TRACING = "org.springframework.boot.micrometer.tracing.";

  /// What would make spans, sampled or not, even with nowhere to send them.
  private static final String MAKERS =
      String.join(
          ",",
          TRACING + "autoconfigure.MicrometerTracingAutoConfiguration",
          TRACING + "autoconfigure.NoopTracerAutoConfiguration",
          TRACING + "opentelemetry.autoconfigure.OpenTelemetryTracingAutoConfiguration",
          TRACING + "opentelemetry.autoconfigure.otlp.OtlpTracingAutoConfiguration");

  @Override
  public void postProcessEnvironment(
      ConfigurableEnvironment environment, SpringApplication application) {
    boolean on =
        Stream.of(ENDPOINT, "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
            .anyMatch(name -> StringUtils.hasText(environment.getProperty(name)));
    Map<String, Object> properties = new HashMap<>();
    properties.put("management.opentelemetry.enabled", on);
    if (!on) {
      properties.put("spring.autoconfigure.exclude", MAKERS);
    }
    if (StringUtils.hasText(environment.getProperty(ENDPOINT))) {
      properties.put(
          "management.opentelemetry.tracing.export.otlp.endpoint",
          environment.getProperty(ENDPOINT));
    }
    environment.getPropertySources().addLast(new MapPropertySource("traces", properties));
  }
}
