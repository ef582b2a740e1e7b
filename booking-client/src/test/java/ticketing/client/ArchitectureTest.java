package ticketing.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ArchitectureTest {

  private static final int MAX_TYPES_PER_PACKAGE = 12;

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("ticketing.client");

  // The module has one package today, so there may be no slice.
  private static final ArchRule NO_CYCLES =
      SlicesRuleDefinition.slices()
          .matching("ticketing.client.(**)")
          .should()
          .beFreeOfCycles()
          .allowEmptyShould(true);

  @Test
  void packagesHaveNoCycles() {
    NO_CYCLES.check(CLASSES);
  }

  @Test
  void cycleOfPackagesIsDetected() {
    JavaClasses fixture = new ClassFileImporter().importPackages("ticketing.client.fixture");
    assertThat(NO_CYCLES.evaluate(fixture).hasViolation()).isTrue();
  }

  @Test
  void packageHasAtMostTwelveTypes() {
    Map<String, Long> types =
        CLASSES.stream()
            .filter(JavaClass::isTopLevelClass)
            .filter(type -> !type.getSimpleName().equals("package-info"))
            .map(JavaClass::getPackageName)
            .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
    assertThat(types).isNotEmpty();
    assertThat(types.values()).allMatch(count -> count <= MAX_TYPES_PER_PACKAGE);
  }

  @Test
  void clientDependsOnlyOnTheJdkAndJackson() {
    assertThat(CLASSES)
        .flatExtracting(JavaClass::getDirectDependenciesFromSelf)
        .extracting(dependency -> dependency.getTargetClass().getPackageName())
        .filteredOn(name -> !name.isEmpty())
        .allMatch(name ->
            name.matches("(java|javax|tools\\.jackson|com\\.fasterxml|ticketing\\.client).*"));
  }
}
