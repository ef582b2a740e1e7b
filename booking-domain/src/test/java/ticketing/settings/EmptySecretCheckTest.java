package ticketing.settings;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

class EmptySecretCheckTest {

  private static void start(Map<String, Object> variables) {
    StandardEnvironment environment = new StandardEnvironment();
    String name = StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;
    environment
        .getPropertySources()
        .replace(name, new SystemEnvironmentPropertySource(name, variables));
    SpringApplication application = new SpringApplication(EmptySecretCheckTest.class);
    application.setWebApplicationType(WebApplicationType.NONE);
    application.setEnvironment(environment);
    application.setLogStartupInfo(false);
    application.run().close();
  }

  @Test
  void processDoesNotStartWithAnEmptySecret() {
    assertThatThrownBy(
            () -> start(Map.of("TICKETING_REDIS_PASSWORD", " ", "TICKETING_TICKET_KEY", "")))
        .hasMessageContaining("TICKETING_REDIS_PASSWORD, TICKETING_TICKET_KEY");
  }

  @Test
  void processStartsWithOrWithoutSecrets() {
    assertThatCode(() -> start(Map.of("TICKETING_REDIS_PASSWORD", "secret", "OTHER_KEY", "")))
        .doesNotThrowAnyException();
    assertThatCode(() -> start(Map.of())).doesNotThrowAnyException();
  }
}
