package ticketing.worker;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
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
import org.springframework.web.bind.annotation.RestController;
import ticketing.worker.decision.BookingDecider;

/// Dependency and package rules of the worker. Each rule is also proven to fail on a fixture.
class ArchitectureTest {

  private static final int MAX_TYPES_PER_PACKAGE = 12;
  private static final String FIXTURE = "ticketing.worker.fixture";

  private static final JavaClasses WORKER =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("ticketing.worker");
  private static final JavaClasses TESTS =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.ONLY_INCLUDE_TESTS)
          .withImportOption(location -> !location.contains("/worker/fixture/"))
          .withImportOption(location -> !location.contains("jmh"))
          .withImportOption(location -> !location.contains("Benchmark"))
          .importPackages("ticketing.worker");
  private static final JavaClasses VIOLATING = new ClassFileImporter().importPackages(FIXTURE);

  static Stream<ArchRule> rules() {
    return Stream.of(
        noClasses()
            .should()
            .beAnnotatedWith(RestController.class)
            .because("a worker serves only its management port"),
        noClasses()
            .that()
            .resideOutsideOfPackage("ticketing.worker.lock..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.redisson..")
            .because("only the lock uses Redis directly, everything else the status store"),
        noClasses()
            .that()
            .resideInAPackage("..decision..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.springframework..", "java.sql..", "javax.sql..")
            .because("decisions are pure"),
        classes()
            .that()
            .belongToAnyOf(BookingDecider.class)
            .should()
            .onlyHaveDependentClassesThat(
                resideInAnyPackage(
                    "ticketing.worker.decision",
                    "ticketing.worker.pipeline",
                    "ticketing.worker.audit"))
            .because("only the pipeline decides, and the audit replays"),
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
    assertThat(WORKER).isNotEmpty();
    rule.check(WORKER);
  }

  @ParameterizedTest
  @MethodSource("rules")
  void fixtureViolatesRule(ArchRule rule) {
    JavaClasses everything =
        new ClassFileImporter().importPackages("ticketing.worker.decision", FIXTURE);
    assertThat(rule.evaluate(everything).hasViolation()).isTrue();
  }

  @Test
  void testPackagesAreSmall() {
    assertThat(TESTS).isNotEmpty();
    atMostTypesPerPackage().check(TESTS);
  }

  @Test
  void packagesHaveNoCycles() {
    noCyclesBelow("ticketing.worker").check(WORKER);
  }

  @Test
  void packageCycleIsDetected() {
    assertThat(noCyclesBelow(FIXTURE).evaluate(VIOLATING).hasViolation()).isTrue();
  }
}
