package ticketing.local;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
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
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Package rules of localstack. Each rule is also proven to fail.
class ArchitectureTest {

  private static final int MAX_TYPES_PER_PACKAGE = 12;
  private static final String ROOT = "ticketing.local";

  // The module local-servers has separate rules.
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(location -> !location.contains("/ticketing/local/servers/"))
          .importPackages(ROOT);

  @Test
  void packagesHaveNoCycles() {
    noCyclesBelow(ROOT).check(CLASSES);
  }

  @Test
  void cycleOfPackagesIsDetected() {
    JavaClasses fixture = new ClassFileImporter().importPackages(ROOT + ".fixture");
    assertThat(noCyclesBelow(ROOT + ".fixture").evaluate(fixture).hasViolation()).isTrue();
  }

  @Test
  void packagesHaveAtMostTwelveTypes() {
    atMostTypesPerPackage().check(CLASSES);
  }

  @Test
  void packageWithTooManyTypesIsDetected() {
    JavaClasses tooMany = new ClassFileImporter().importPackages("ticketing.local.servers");
    assertThat(atMostTypesPerPackage().evaluate(tooMany).hasViolation()).isTrue();
  }

  private static ArchRule noCyclesBelow(String root) {
    return slices().matching(root + ".(*)..").should().beFreeOfCycles();
  }

  private static ArchRule atMostTypesPerPackage() {
    return classes()
        .should(
            new ArchCondition<JavaClass>("be in a package of at most 12 top-level types") {
              private Map<String, Long> types;

              @Override
              public void init(Collection<JavaClass> all) {
                types =
                    all.stream()
                        .filter(JavaClass::isTopLevelClass)
                        .filter(type -> !type.getSimpleName().equals("package-info"))
                        .collect(groupingBy(JavaClass::getPackageName, counting()));
              }

              @Override
              public void check(JavaClass type, ConditionEvents events) {
                long count = types.getOrDefault(type.getPackageName(), 0L);
                events.add(
                    new SimpleConditionEvent(
                        type,
                        count <= MAX_TYPES_PER_PACKAGE,
                        type.getPackageName() + " has " + count + " types"));
              }
            });
  }
}
