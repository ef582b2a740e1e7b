package ticketing.benchmark;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
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
import org.junit.jupiter.api.Test;

/// Package rules of the benchmarks. Each rule is also proven to fail on a fixture.
class ArchitectureTest {

  private static final int MAX_TYPES_PER_PACKAGE = 12;
  private static final String FIXTURE = "ticketing.benchmark.fixture";

  private static final JavaClasses BENCHMARKS =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("ticketing.benchmark");
  private static final JavaClasses VIOLATING = new ClassFileImporter().importPackages(FIXTURE);

  private static ArchRule noCyclesBelow(String root) {
    return slices().matching(root + ".(*)..").should().beFreeOfCycles();
  }

  private static ArchRule atMostTypesPerPackage() {
    return classes()
        .should(
            new ArchCondition<JavaClass>("be in a package of at most 12 top-level types") {
              @Override
              public void check(JavaClass type, ConditionEvents events) {
                long types =
                    type.getPackage().getClasses().stream()
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

  @Test
  void packagesHaveNoCycles() {
    assertThat(BENCHMARKS).isNotEmpty();
    noCyclesBelow("ticketing.benchmark").check(BENCHMARKS);
  }

  @Test
  void packageCycleIsDetected() {
    assertThat(noCyclesBelow(FIXTURE).evaluate(VIOLATING).hasViolation()).isTrue();
  }

  @Test
  void packagesAreSmall() {
    atMostTypesPerPackage().check(BENCHMARKS);
  }

  @Test
  void crowdedPackageIsDetected() {
    assertThat(atMostTypesPerPackage().evaluate(VIOLATING).hasViolation()).isTrue();
  }
}
