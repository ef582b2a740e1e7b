package ticketing.domain;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Collection;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Dependency and package rules of the shared module. Each rule is also proven to fail on a
/// fixture.
class ArchitectureTest {

  private static final int MAX_TYPES_PER_PACKAGE = 12;
  private static final String FIXTURE = "ticketing.domain.fixture";

  private static final JavaClasses SHARED =
      new ClassFileImporter()
          .importUrl(Command.class.getProtectionDomain().getCodeSource().getLocation());
  private static final JavaClasses TESTS =
      new ClassFileImporter()
          .withImportOption(location -> !location.contains("/domain/fixture/"))
          .importUrl(ArchitectureTest.class.getProtectionDomain().getCodeSource().getLocation());
  private static final JavaClasses VIOLATING = new ClassFileImporter().importPackages(FIXTURE);

  static Stream<ArchRule> rules() {
    return Stream.of(
        noClasses()
            .that()
            .resideOutsideOfPackages("ticketing.redis", "ticketing.status", "ticketing.security")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.redisson..")
            .because("the gateway and the stores encapsulate Redis"),
        noClasses()
            .that()
            .resideOutsideOfPackages("ticketing.database", "ticketing.migration")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.sql..", "javax.sql..", "org.springframework.dao..")
            .because("the notifier has no database"),
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
    assertThat(SHARED).isNotEmpty();
    rule.check(SHARED);
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
    noCyclesBelow("ticketing").check(SHARED);
  }

  @Test
  void packageCycleIsDetected() {
    assertThat(noCyclesBelow(FIXTURE).evaluate(VIOLATING).hasViolation()).isTrue();
  }
}
