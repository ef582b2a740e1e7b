package ticketing.simulation;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// Package rules of this module. A fixture violates the rule against cycles.
class ArchitectureTest {

  private static final int MAX_TYPES_PER_PACKAGE = 12;
  private static final String FIXTURE = "ticketing.simulation.fixture";
  private static final Path TEST_CLASSES = Path.of("target/test-classes/ticketing/simulation");
  private static final ArchRule NO_CYCLES =
      slices().matching("ticketing.simulation.(*)..").should().beFreeOfCycles();
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(location -> !location.contains("/fixture/"))
          .importPath(TEST_CLASSES);
  private static final ArchRule FIXTURE_HAS_NO_CYCLES =
      slices().matching(FIXTURE + ".(*)..").should().beFreeOfCycles();

  @Test
  void packagesHaveNoCycles() {
    NO_CYCLES.check(CLASSES);
  }

  @Test
  void cycleViolatesTheRule() {
    assertThat(
            FIXTURE_HAS_NO_CYCLES
                .evaluate(new ClassFileImporter().importPath(TEST_CLASSES.resolve("fixture")))
                .hasViolation())
        .isTrue();
  }

  @Test
  void packageHasAtMostTwelveTypes() {
    Map<String, Long> types =
        CLASSES.stream()
            .filter(type -> !type.isNestedClass() && !type.getSimpleName().equals("package-info"))
            .collect(Collectors.groupingBy(type -> type.getPackageName(), Collectors.counting()));
    assertThat(types).isNotEmpty();
    assertThat(types.values()).allMatch(count -> count <= MAX_TYPES_PER_PACKAGE);
  }
}
