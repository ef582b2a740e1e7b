package ticketing.worker;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.web.bind.annotation.RestController;
import ticketing.worker.fixture.ViolatingController;

/// What the worker's code may depend on; each rule is also shown to fail.
class ArchitectureTest {

  private static final JavaClasses WORKER =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("ticketing.worker");
  private static final JavaClasses VIOLATING =
      new ClassFileImporter().importClasses(ViolatingController.class);

  static Stream<ArchRule> rules() {
    return Stream.of(
        noClasses()
            .should()
            .beAnnotatedWith(RestController.class)
            .because("a worker answers nobody but its operators"),
        noClasses()
            .that()
            .haveSimpleNameNotContaining("EventLock")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.redisson..")
            .because("everything but the lock goes through the board"));
  }

  @ParameterizedTest
  @MethodSource("rules")
  void holds(ArchRule rule) {
    assertThat(WORKER).isNotEmpty();
    rule.check(WORKER);
  }

  @ParameterizedTest
  @MethodSource("rules")
  void canFail(ArchRule rule) {
    assertThat(rule.evaluate(VIOLATING).hasViolation()).isTrue();
  }
}
