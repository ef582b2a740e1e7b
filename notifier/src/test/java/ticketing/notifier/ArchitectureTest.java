package ticketing.notifier;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Collection;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Dependency and package rules of the notifier. Each rule is also proven to fail on a fixture.
class ArchitectureTest {

  private static final int MAX_TYPES_PER_PACKAGE = 12;
  private static final String FIXTURE = "ticketing.notifier.fixture";

  private static final JavaClasses NOTIFIER =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("ticketing.notifier");
  private static final JavaClasses TESTS =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.ONLY_INCLUDE_TESTS)
          .withImportOption(location -> !location.contains("/notifier/fixture/"))
          .importPackages("ticketing.notifier");
  private static final JavaClasses VIOLATING = new ClassFileImporter().importPackages(FIXTURE);

  static Stream<ArchRule> rules() {
    return Stream.of(
        noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.sql..", "javax.sql..")
            .because("only ingress-api and the workers use the database"),
        noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.redisson..")
            .because("the status store and the event cache encapsulate Redis"),
        atMostTypesPerPackage());
  }

  private static ArchRule noCyclesBelow(String root) {
    return slices().matching(root + ".(*)..").should().beFreeOfCycles();
  }

  private static ArchRule atMostTypesPerPackage() {
    return classes()
        .should(
            new ArchCondition<JavaClass>("be in a package of at most 12 top-level types") {
              private Collection<JavaClass> all;

              @Override
              public void init(Collection<JavaClass> allClasses) {
                all = allClasses;
              }

              @Override
              public void check(JavaClass type, ConditionEvents events) {
                long types =
                    all.stream()
                        .filter(other -> other.getPackageName().equals(type.getPackageName()))
                        .filter(JavaClass::isTopLevelClass)
                        .filter(other -> !other.getSimpleName().equals("package-info"))
                        .count();
                events.add(
                    new SimpleConditionEvent(
                        type,
                        types <= MAX_TYPES_PER_PACKAGE,
                        type.getPackageName() + " has " + types + " types"));
              }
            });
  }

  @ParameterizedTest
  @MethodSource("rules")
  void mainCodeObeysRule(ArchRule rule) {
    assertThat(NOTIFIER).isNotEmpty();
    rule.check(NOTIFIER);
  }

  @ParameterizedTest
  @MethodSource("rules")
  void fixtureViolatesRule(ArchRule rule) {
    assertThat(rule.evaluate(VIOLATING).hasViolation()).isTrue();
  }

  @Test
  void testPackagesAreSmall() {
    assertThat(TESTS).isNotEmpty();
    atMostTypesPerPackage().check(TESTS);
  }

  @Test
  void packagesHaveNoCycles() {
    noCyclesBelow("ticketing.notifier").check(NOTIFIER);
  }

  @Test
  void packageCycleIsDetected() {
    assertThat(noCyclesBelow(FIXTURE).evaluate(VIOLATING).hasViolation()).isTrue();
  }
}
