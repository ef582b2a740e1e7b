package ticketing.settings;

import java.util.Arrays;
import java.util.List;
import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.util.StringUtils;

/// Ends the start of a process whose environment has an empty secret. A deployment that cannot read
/// a secret may pass an empty one; the process would then run without its dependency.
public final class EmptySecretCheck implements EnvironmentPostProcessor {

  private static final List<String> PREFIXES = List.of("TICKETING_", "SPRING_");
  private static final List<String> SUFFIXES = List.of("_PASSWORD", "_KEY", "_SECRET");

  /// @throws IllegalStateException if a secret is configured and empty
  @Override
  public void postProcessEnvironment(
      ConfigurableEnvironment environment, SpringApplication application) {
    if (environment
            .getPropertySources()
            .get(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME)
        instanceof EnumerablePropertySource<?> variables) {
      List<String> empty =
          Arrays.stream(variables.getPropertyNames())
              .filter(EmptySecretCheck::isSecret)
              .filter(name -> !StringUtils.hasText(String.valueOf(variables.getProperty(name))))
              .sorted()
              .toList();
      if (!empty.isEmpty()) {
        throw new IllegalStateException(
            "These variables of the environment are empty: "
                + String.join(", ", empty)
                + ". Set their values, or remove them.");
      }
    }
  }

  private static boolean isSecret(String name) {
    return PREFIXES.stream().anyMatch(name::startsWith)
        && SUFFIXES.stream().anyMatch(name::endsWith);
  }
}
