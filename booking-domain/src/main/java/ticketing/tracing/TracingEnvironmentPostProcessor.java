package ticketing.tracing;

import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.util.StringUtils;

/// Enables tracing only if an export endpoint is configured. Without an endpoint, no spans are
/// created.
public final class TracingEnvironmentPostProcessor implements EnvironmentPostProcessor {

  private static final String ENDPOINT = "TICKETING_TRACES_ENDPOINT";
  private static final String TRACING = "org.springframework.boot.micrometer.tracing.";

  /// Auto-configurations that create spans even without an exporter.
  private static final String SPAN_CONFIGURATIONS =
      String.join(
          ",",
          TRACING + "autoconfigure.MicrometerTracingAutoConfiguration",
          TRACING + "autoconfigure.NoopTracerAutoConfiguration",
          TRACING + "opentelemetry.autoconfigure.OpenTelemetryTracingAutoConfiguration",
          TRACING + "opentelemetry.autoconfigure.otlp.OtlpTracingAutoConfiguration");

  @Override
  public void postProcessEnvironment(
      ConfigurableEnvironment environment, SpringApplication application) {
    boolean enabled =
        Stream.of(ENDPOINT, "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
            .anyMatch(name -> StringUtils.hasText(environment.getProperty(name)));
    Map<String, Object> properties = new HashMap<>();
    properties.put("management.opentelemetry.enabled", enabled);
    if (!enabled) {
      properties.put("spring.autoconfigure.exclude", SPAN_CONFIGURATIONS);
    }
    if (StringUtils.hasText(environment.getProperty(ENDPOINT))) {
      properties.put(
          "management.opentelemetry.tracing.export.otlp.endpoint",
          environment.getProperty(ENDPOINT));
    }
    environment.getPropertySources().addLast(new MapPropertySource("traces", properties));
  }
}
