package ticketing.notifier;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ticketing.notifier.fixture.ViolatingFeed;

/// What the notifier's code may depend on; each rule is also shown to fail.
class ArchitectureTest {

  private static final JavaClasses NOTIFIER =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("ticketing.notifier");
  private static final JavaClasses VIOLATING =
      new ClassFileImporter().importClasses(ViolatingFeed.class);

  static Stream<ArchRule> rules() {
    return Stream.of(
        noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.sql..", "javax.sql..")
            .because("a notifier asks ingress-api for what Redis does not know"),
        noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.redisson..")
            .because("everything goes through the boards"));
  }

  @ParameterizedTest
  @MethodSource("rules")
  void holds(ArchRule rule) {
    assertThat(NOTIFIER).isNotEmpty();
    rule.check(NOTIFIER);
  }

  @ParameterizedTest
  @MethodSource("rules")
  void canFail(ArchRule rule) {
    assertThat(rule.evaluate(VIOLATING).hasViolation()).isTrue();
  }
}
