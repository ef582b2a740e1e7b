package ticketing.local.servers;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import org.junit.jupiter.api.Test;

/// Package rules of the embedded servers, which may have more than 12 types in a package.
class ArchitectureTest {

  private static final String ROOT = "ticketing.local.servers";

  /// Each package is one slice, so that the root package takes part in the rule.
  private static final ArchRule NO_CYCLES =
      slices()
          .assignedFrom(
              new SliceAssignment() {
                @Override
                public SliceIdentifier getIdentifierOf(JavaClass type) {
                  return type.getPackageName().startsWith(ROOT)
                      ? SliceIdentifier.of(type.getPackageName())
                      : SliceIdentifier.ignore();
                }

                @Override
                public String getDescription() {
                  return "packages of the embedded servers";
                }
              })
          .should()
          .beFreeOfCycles();

  @Test
  void packagesHaveNoCycles() {
    NO_CYCLES.check(
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(ROOT));
  }

  @Test
  void cycleOfPackagesIsDetected() {
    JavaClasses fixture = new ClassFileImporter().importPackages(ROOT + ".fixture");
    assertThat(NO_CYCLES.evaluate(fixture).hasViolation()).isTrue();
  }
}
